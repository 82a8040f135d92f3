import Foundation
import Testing

@testable import Reconciler

@Suite("Plans as comments")
struct PlanMarkdownTests {
    @Test("a small plan is shown whole: the counts, each device, why some are left out")
    func small() async throws {
        let plan = try await ReportPlans.plan(8)
        let text = PlanMarkdown(plan, toolVersion: "1.2.3").text()
        #expect(text.hasPrefix("<!-- profilectl plan -->\n### Plan: 2 downloadEnable, 1 enable, 1 disable\n"))
        #expect(text.contains("1 failed, 1 held, 1 blocked, 1 of 8 devices as desired."))
        for key in plan.actions.map(\.key) + plan.exceptions.map(\.key) { #expect(text.contains("`\(key.eid)`")) }
        #expect(text.contains("| never seen (looked up first) | <code>site&#61;phoenix-0</code> |"))
        #expect(text.contains("notDownloaded (drift)"))
        let drifted = try #require(plan.drifts.first)
        #expect(text.contains("<summary>Drift: <b>1 device</b> reached before"))
        #expect(text.contains("`\(drifted.key.eid)` `\(drifted.key.iccid)` \(drifted.story)\n"))
        #expect(!text.contains("listed; "))
        #expect(text.contains("<details open>"))
    }

    @Test("a plan with nothing to do says so and nothing else")
    func nothing() async throws {
        let plan = Planner(now: ReportPlans.now).plan(desired: DesiredFleet(), known: KnownFleet())
        let text = PlanMarkdown(plan, toolVersion: "1.2.3").text()
        #expect(
            text.hasPrefix("<!-- profilectl plan -->\n### Plan: Nothing to do\n\n0 of 0 devices as desired.\n\n<sub>"))
    }

    @Test("what the plan is limited by is said as it was typed, and shortly where it is much")
    func selectors() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(1200))
        func text(_ selectors: [String]) throws -> String {
            let part = try fleet.selecting(try selectors.map { try DeviceSelector($0) }, excluding: [])
            let plan = Planner(now: ReportPlans.now).plan(desired: part, known: KnownFleet())
            return PlanMarkdown(plan, toolVersion: "1").text()
        }
        // Two stars in a line would be taken for emphasis.
        #expect(try text(["set:fl*", "set:*t"]).contains("--target set&#58;fl&#42; --target set&#58;&#42;t."))
        let many = try text(try (0..<1000).map { try Fleets.eid($0).description })
        #expect(many.contains("and 994 further options; the others are left as they are."))
        #expect(many.utf8.count <= PlanMarkdown.limit)
    }

    @Test(
        "whatever a fleet holds, it fits into a comment, and what is left out is counted",
        arguments: [(3000, 3, false), (3000, 1500, false), (800, 100, true)])
    func fits(devices: Int, accounts: Int, isHostile: Bool) async throws {
        let texts = ReportPlans.hostile
        let plan = try await ReportPlans.plan(
            devices,
            labels: { number in
                guard isHostile else { return ["site": "phoenix-\(number % 40)", "region": "west"] }
                return Dictionary(
                    (0..<8).map {
                        (
                            "\($0)" + texts[(number + $0) % texts.count].prefix(60),
                            texts[(number * 7 + $0) % texts.count]
                        )
                    }
                ) { first, _ in first }
            },
            account: { "\($0 % accounts)" + (isHostile ? String(repeating: "|`@&", count: 40) : "-00001") })
        let text = PlanMarkdown(plan, toolVersion: "1.2.3").text()
        #expect(text.utf8.count <= 65_000)
        #expect(text.utf8.count > 40_000, "there is room for more")
        let all = plan.actions.count + plan.exceptions.count
        let foot = try #require(text.firstMatch(of: #/Of ([\d,]+) devices ([\d,]+) are listed/#))
        #expect(foot.1 == all.grouped)
        let rows = text.split(separator: "\n").count { $0.hasPrefix("| `") || $0.hasPrefix("- `") }
        #expect(foot.2 == rows.grouped)
        // What each part says to have left out, with what was left out as parts, makes up the whole.
        let leftOut = text.matches(of: #/([\d,]+) (?:more devices?\.|devices? in [\d,]+ further)/#).compactMap {
            Int($0.1.filter { $0 != "," })
        }
        #expect(leftOut.reduce(rows, +) == all)
    }

    @Test("a label, an account or a carrier's word does nothing in GitHub's Markdown", Tool.cmark.isThere)
    func harmless() async throws {
        let hostile = ReportPlans.hostile
        let plan = try await ReportPlans.plan(
            hostile.count * 8, labels: { ["site": hostile[$0 / 8]] },
            account: { ["@team|`x`", "**a**&lt;>\"", "[a](http://x)"][$0 % 3] })
        let text = PlanMarkdown(plan, toolVersion: "1.2.3").text()
        let result = try await Tool.cmark.run(
            ["--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough", "-e", "tasklist"], input: text)
        // Where a browser may break a line shows nothing.
        let html = result.output.replacing("<wbr>", with: "")
        for value in hostile where value != " " && value.utf8.count < 60 {
            let shown = "site=\(value)".visible.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
                .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
            let isShown = html.contains("<code>\(shown)</code>")
            #expect(isShown, "\(value)")
        }
        let tags = Set(html.matches(of: #/<\/?([a-zA-Z!][a-zA-Z0-9-]*)/#).map { String($0.1).lowercased() })
        #expect(
            tags.isSubset(of: [
                "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "code", "b", "br", "h3", "p", "sub",
                "strong", "blockquote", "ul", "li", "!--", "a",
            ]), "\(tags)")
        // Mentions and issue numbers mean something outside of code only.
        let outside = html.replacing(#/<code>.*?<\/code>/#, with: "")
        #expect(!outside.contains(#/[@#]\w/#))
        #expect(!outside.contains("<a "))
        for row in html.split(separator: "<tr>").dropFirst() {
            let cells = row.matches(of: #/<t[dh][ >]/#).count
            #expect([3, 5].contains(cells), "\(row)")
        }
    }
}
