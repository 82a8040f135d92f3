/// The bars: the change by action, by account and by each label that tells devices apart.
extension PlanPage {
    private static let accountLimit = 25
    private static let valueLimit = 15

    func writePicture(_ html: inout HTMLWriter) {
        guard summary.total > 0 else { return }
        html.element("section", ["aria-labelledby": "picture"]) { html in
            html.element("h2", ["id": "picture"], text: "The change in a picture")
            writeLegend(&html)
            html.element("div", ["class": "charts"]) { html in
                let actions = kinds.map { kind in
                    Bar(name: kind.rawValue, query: nil, actions: [kind: summary.actions[kind] ?? 0])
                }
                writeChart("By action", actions, limit: actions.count, noun: "action", &html)
                let accounts = summary.accounts.sorted { ($1.total, $0.name) < ($0.total, $1.name) }.map { account in
                    Bar(name: account.name.description, query: account.name.description, actions: account.actions)
                }
                writeChart("By account", accounts, limit: Self.accountLimit, noun: "account", &html)
                for breakdown in summary.breakdowns {
                    let values = breakdown.parts.map { part in
                        Bar(
                            name: part.value ?? "(without)", query: part.value.map { "\(breakdown.label)=\($0)" },
                            actions: part.actions)
                    }
                    writeChart("By \(breakdown.label)", values, limit: Self.valueLimit, noun: "value", &html)
                }
            }
        }
    }

    private var kinds: [ProfileAction] { ProfileAction.allCases.filter { summary.actions[$0] != nil } }

    /// One bar, a stretch for each action.
    private struct Bar {
        let name: String
        /// What a search for its devices looks for.
        let query: String?
        let actions: [ProfileAction: Int]
    }

    private func writeLegend(_ html: inout HTMLWriter) {
        html.element("ul", ["class": "legend", "aria-hidden": "true"]) { html in
            for kind in kinds {
                html.element("li") { html in
                    html.element("svg", ["class": "key", "width": "12", "height": "12"]) { html in
                        html.element("rect", ["class": kind.rawValue, "width": "12", "height": "12", "rx": "2"])
                    }
                    html.text(kind.rawValue)
                }
            }
        }
    }

    private func writeChart(
        _ title: String, _ bars: [Bar], limit: Int, noun: String, _ html: inout HTMLWriter
    ) {
        let longest = bars.map(\.actions.total).max() ?? 0
        html.element("table", ["class": "chart"]) { html in
            html.element("caption", text: title)
            html.element("colgroup") { html in
                for column in ["name", "share", "count"] { html.startTag("col", ["class": column]) }
            }
            html.element("thead", ["class": "unseen"]) { html in
                html.element("tr") { html in
                    html.element("th", ["scope": "col"], text: noun)
                    html.element("th", ["scope": "col"], text: "share")
                    html.element("th", ["scope": "col"], text: "devices")
                }
            }
            html.element("tbody") { html in
                for bar in bars.prefix(limit) { writeRow(bar, longest, &html) }
            }
            let rest = bars.dropFirst(limit)
            guard !rest.isEmpty else { return }
            html.element("tfoot") { html in
                html.element("tr") { html in
                    html.element("td", ["colspan": "2"], text: "and \(counted(rest.count, "more \(noun)"))")
                    html.element("td", text: rest.reduce(0) { $0 + $1.actions.total }.grouped)
                }
            }
        }
    }

    private func writeRow(_ bar: Bar, _ longest: Int, _ html: inout HTMLWriter) {
        html.element("tr") { html in
            html.element("th", ["scope": "row"]) { html in
                let name = bar.name.visible(upTo: 80)
                if let query = bar.query {
                    html.element("button", ["type": "button", "data-search": query], text: name)
                } else {
                    html.text(name)
                }
            }
            html.element("td") { writeBar(bar, longest, &$0) }
            html.element("td", text: bar.actions.total.grouped)
        }
    }

    private func writeBar(_ bar: Bar, _ longest: Int, _ html: inout HTMLWriter) {
        let attributes: KeyValuePairs<StaticString, String> = [
            "class": "bar", "role": "img", "aria-label": bar.actions.phrase, "width": "100%", "height": "16",
        ]
        html.element("svg", attributes) { html in
            html.element("title", text: bar.actions.phrase)
            // What is few beside the rest is still to be seen.
            var start = 0
            for kind in ProfileAction.allCases {
                guard let count = bar.actions[kind], count > 0 else { continue }
                html.element(
                    "rect",
                    [
                        "class": kind.rawValue, "x": Self.percent(start, longest),
                        "width": Self.percent(max(count, longest / 250), longest), "height": "16",
                    ])
                start += count
            }
        }
    }

    /// With two decimals.
    private static func percent(_ part: Int, _ whole: Int) -> String {
        let share = Double(part) / Double(max(whole, 1))
        return "\((share * 10_000).rounded() / 100)%"
    }
}
