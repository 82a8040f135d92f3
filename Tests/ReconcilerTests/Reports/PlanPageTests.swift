import Crypto
import Foundation
import Testing

@testable import Reconciler

@Suite("Plans as pages")
struct PlanPageTests {
    @Test("no text of a manifest or the carrier becomes markup")
    func escaped() async throws {
        let hostile = ReportPlans.hostile
        let plan = try await ReportPlans.plan(
            hostile.count * 8, labels: { ["site": hostile[$0 / 8], hostile[$0 / 8].prefix(60) + "x": "y"] },
            account: { ["@team|`x`", "a&lt;>\"", "[a](http://x)"][$0 % 3] })
        let page = PlanPage(plan, toolVersion: "1.2.3").text
        #expect(page.matches(of: #/<script/#).count == 2)
        #expect(page.matches(of: #/<\/script/#).count == 2)
        #expect(!page.contains("<img"))
        #expect(page.matches(of: #/<!/#).count == 1, "the document type")
        #expect(page.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0 != "\u{202E}" && $0 != "\u{9B}" })
        // Within tags there are no quotes but those of the page.
        for tag in page.matches(of: #/<[a-z][^>]*>/#) { #expect(tag.output.count { $0 == "\"" } % 2 == 0) }
    }

    @Test("the page's policy names its own style sheet and script, and it asks for nothing from outside")
    func policy() async throws {
        let page = PlanPage(try await ReportPlans.plan(16), toolVersion: "1.2.3").text
        let policy = try #require(page.firstMatch(of: #/Content-Security-Policy" content="([^"]+)"/#)?.1)
        func digest(_ text: Substring) -> String {
            "&#39;sha256-\(Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString())&#39;"
        }
        let style = try #require(page.firstMatch(of: #/<style>((?s).*?)<\/style>/#)?.1)
        let script = try #require(page.firstMatch(of: #/<script>((?s).*?)<\/script>/#)?.1)
        #expect(
            policy == "default-src &#39;none&#39;; style-src \(digest(style)); script-src \(digest(script)); "
                + "base-uri &#39;none&#39;; form-action &#39;none&#39;")
        for outside in ["http:", "https:", " src=", "url(", "@import", " style=", "javascript:", "fetch(", "innerHTML"]
        {
            #expect(!page.contains(outside), "\(outside)")
        }
    }

    @Test("what was reached and has moved since has a section of its own: what it was and is, since when, and by whom")
    func drift() async throws {
        let plan = try await ReportPlans.plan(8 * 60)
        let page = PlanPage(plan, toolVersion: "1.2.3").text
        let drifted = try #require(plan.drifts.first)
        #expect(
            page.contains(
                "<li><code>\(drifted.key.eid)</code> <code>\(drifted.key.iccid)</code><p>\(drifted.story)</p></li>"))
        #expect(page.contains("<dt>drifted</dt><dd>60</dd>") && page.contains("And 10 more devices;"))
        #expect(!PlanPage(try await ReportPlans.plan(2), toolVersion: "1.2.3").text.contains(">Drift<"))
    }

    @Test("a list that is too long is cut fairly, with what is left out said; the numbers count all")
    func cut() async throws {
        let plan = try await ReportPlans.plan(800, account: { $0 < 8 ? "small" : "large" })
        let page = PlanPage(plan, toolVersion: "1.2.3", deviceLimit: 320).text
        #expect(page.contains("381 devices left out: this list holds 319 of 700."))
        #expect(page.contains("<dt>to change</dt><dd>400</dd>"))
        let json = try #require(page.firstMatch(of: #/application\/json" id="plan-data">((?s).*?)<\/script>/#)?.1)
        let data = try JSONValue(json: Array(json.utf8))
        let rows = try #require(data["rows"]?.elements)
        #expect(rows.count == 319)
        let texts = try #require(data["texts"]?.elements.map { $0.text ?? "" })
        let small = rows.count { row in texts[Int(row.elements[3].text ?? "") ?? 0] == "small" }
        #expect(small == 7, "what is small is listed wholly")
    }

    @Test("a plan with nothing to do has no list and no script")
    func nothing() {
        let plan = Planner(now: ReportPlans.now).plan(desired: DesiredFleet(), known: KnownFleet())
        let page = PlanPage(plan, toolVersion: "1.2.3").text
        #expect(page.contains("<h1>Nothing to do</h1>"))
        #expect(!page.contains("<script"))
    }
}
