/// The devices that have moved away from what they had reached.
extension PlanPage {
    private static let driftLimit = 50

    func writeDrift(_ html: inout HTMLWriter) {
        guard !plan.drifts.isEmpty else { return }
        html.element("section", ["aria-labelledby": "drift"]) { html in
            html.element("h2", ["id": "drift"], text: "Drift")
            html.element("p", ["class": "note"], text: Drift.meaning.capitalizedSentence)
            html.element("ul", ["class": "drifts"]) { html in
                for drift in plan.drifts.prefix(Self.driftLimit) {
                    html.element("li") { html in
                        html.element("code", text: drift.key.eid.description)
                        html.text(" ")
                        html.element("code", text: drift.key.iccid.description)
                        html.element("p", text: drift.story)
                    }
                }
            }
            let rest = plan.drifts.count - Self.driftLimit
            if rest > 0 {
                html.element(
                    "p", ["class": "note"],
                    text: "And \(counted(rest, "more device")); `profilectl plan --format json` lists all.")
            }
        }
    }
}
