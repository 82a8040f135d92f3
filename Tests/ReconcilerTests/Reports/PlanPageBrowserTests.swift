import Foundation
import Testing

@testable import Reconciler

@Suite("Plans as pages, in a browser", .seated, .serialized)
struct PlanPageBrowserTests {
    @Test("the page opens without a complaint, and its list can be searched and filtered", Tool.chromedriver.isThere)
    func search() async throws {
        let folder = try TemporaryFolder()
        let hostile = ReportPlans.hostile
        let plan = try await ReportPlans.plan(
            2400, labels: { ["site": "phoenix-\($0 % 12)", "note": hostile[$0 % hostile.count]] })
        let page = try folder.write("plan.html", PlanPage(plan, toolVersion: "1.2.3").text)
        let device = plan.actions[1000]
        try await Browser.with { browser in
            try await browser.open(file: page)
            let rows = "return document.querySelectorAll('#list tbody tr').length"
            let count = "return document.getElementById('count').textContent"
            #expect(try await browser.evaluate(count) == "Showing 100 of 2,100 devices")
            #expect(try await browser.evaluate(rows) == "100")

            try await browser.type(device.key.eid.description + "\n", into: "#query")
            #expect(try await browser.evaluate(count) == "Showing 1 of 1 device")
            let shown = try await browser.evaluate("return document.querySelector('#list tbody tr').textContent")
            #expect(shown.contains(device.key.iccid.description))
            #expect(shown.contains(device.action.rawValue))
            #expect(shown.contains(device.origin(at: plan.createdAt)))

            try await browser.clear("#query")
            try await browser.type("SUSPENDED phoenix-1", into: "#query")
            let suspended = plan.exceptions.count { $0.reason.name == "blocked" }
            let found = try await browser.evaluate(count)
            #expect(found.hasPrefix("Showing "))
            #expect(found != "Showing 100 of \(suspended) devices", "both words are to be there")
            try await browser.type(" nowhere", into: "#query")
            #expect(try await browser.evaluate(count) == "No device matches.")
            #expect(try await browser.evaluate("return document.getElementById('more').hidden") == "true")

            // phoenix-1 is not phoenix-10 and phoenix-11.
            let site = #"[data-search="site=phoenix-1"]"#
            try await browser.click(site)
            let bar = try await browser.evaluate(
                "return document.querySelector('\(site)').closest('tr').lastChild.textContent")
            let listed = try await browser.evaluate(count)
            let exceptions = plan.exceptions.count {
                plan.labels(ofDevice: Int($0.device)).contains { $0.value == "phoenix-1" }
            }
            let actions = try #require(Int(bar))
            #expect(listed.hasSuffix(" of \(actions + exceptions) devices"), "\(listed)")

            try await browser.clear("#query")
            try await browser.type("enable", into: "#kind")
            #expect(try await browser.evaluate("return document.getElementById('kind').value") == "enable")
            #expect(try await browser.evaluate(count) == "Showing 100 of 300 devices")
            try await browser.click("#more")
            #expect(try await browser.evaluate(count) == "Showing 200 of 300 devices")
            #expect(try await browser.evaluate(rows) == "200")
            #expect(try await browser.console() == [])
        }
    }

    @Test(
        "on a phone nothing sticks out, in the dark it is dark, and a screen reader is told what things are",
        Tool.chromedriver.isThere)
    func ways() async throws {
        let folder = try TemporaryFolder()
        let long = String(repeating: "long", count: 30)
        let plan = try await ReportPlans.plan(80, labels: { ["site": $0 % 2 == 0 ? long : "phoenix", long: "x\($0)"] })
        let page = try folder.write("plan.html", PlanPage(plan, toolVersion: "1.2.3").text)
        try await Browser.with { browser in
            var backgrounds: Set<String> = []
            for isDark in [false, true] {
                for width in [320, 390, 1280] {
                    try await browser.show(width: width, height: 800, isDark: isDark)
                    try await browser.open(file: page)
                    let needed = try await browser.evaluate("return document.documentElement.scrollWidth")
                    #expect(Int(needed) ?? .max <= width, "\(width)")
                    #expect(try await browser.spoken("#list table") == "table: Devices", "\(width)")
                    #expect(try await browser.spoken("#list tbody tr td:nth-child(2)").hasPrefix("cell: "), "\(width)")
                }
                backgrounds.insert(
                    try await browser.evaluate("return getComputedStyle(document.body).backgroundColor"))
            }
            #expect(backgrounds.count == 2)
            #expect(try await browser.spoken("#query") == "searchbox: Search")
            #expect(try await browser.spoken("#kind") == "combobox: Action")
            #expect(try await browser.spoken("#account") == "combobox: Account")
            #expect(try await browser.spoken(".chart tbody svg") == "image: 20 downloadEnable")
            #expect(try await browser.spoken("main section") == "region: The change in a picture")
            // Everything that can be used can be reached with the keyboard.
            let reachable = try await browser.evaluate(
                "return [...document.querySelectorAll('button, input, select')].every((each) => each.tabIndex === 0)")
            #expect(reachable == "true")
            #expect(try await browser.console() == [])
        }
    }

    /// `make screenshots` names the folder.
    private static let folder = ProcessInfo.processInfo.environment["SCREENSHOTS"]

    @Test(
        "screenshots for the documents", Tool.chromedriver.isThere, .enabled(if: folder != nil, "by make screenshots"))
    func screenshots() async throws {
        let folder = try TemporaryFolder()
        let loaded = await ManifestLoader().load([Repository.path + "/examples"])
        let records = try loaded.fleet.devices.enumerated().compactMap { number, device in
            try ReportPlans.record(
                Self.story(number), key: device.key, failure: "The eUICC has no memory left for the profile.")
        }
        let plan = Planner(now: ReportPlans.now).plan(desired: loaded.fleet, known: KnownFleet(records))
        let markdown = PlanMarkdown(plan, toolVersion: "0.1.0").text()
        let comment = try await Tool.cmark.run(["--unsafe", "-e", "table"], input: markdown).output
        let pages = [
            "html": PlanPage(plan, toolVersion: "0.1.0").text,
            "markdown":
                "<!DOCTYPE html><meta name=viewport content='width=device-width'><style>\(Self.style)</style><div>\(comment)</div>",
        ]
        try await Browser.with { browser in
            for (name, text) in pages {
                let file = try folder.write(name + ".html", text)
                for (device, width, height) in [("phone", 390, 1500), ("desktop", 1280, 1250)] {
                    for isDark in [false, true] {
                        try await browser.show(width: width, height: height, isDark: isDark)
                        try await browser.open(file: file)
                        // As a reader would who opens two parts of the comment.
                        _ = try await browser.evaluate(
                            "for (const part of [0, 4]) document.querySelectorAll('details')[part]?.setAttribute('open', '')"
                        )
                        let picture = try await browser.screenshot()
                        #expect(picture.count < 200_000)
                        let path = "\(Self.folder ?? ".")/plan-\(name)-\(device)-\(isDark ? "dark" : "light").png"
                        try picture.write(to: URL(fileURLWithPath: path))
                    }
                }
            }
        }
    }

    /// Mostly first downloads and enablings, with some of everything else.
    private static func story(_ number: Int) -> Int {
        switch number % 23 {
        case 0...8: 0
        case 9...13: 1
        case 14...16: 7
        default: number % 8
        }
    }

    /// About as GitHub shows comments.
    private static let style = """
        body { margin: 16px; font: 14px/1.5 -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif; }
        div { max-width: 880px; margin: auto; padding: 16px; border: 1px solid #8886; border-radius: 6px; }
        table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse; }
        th, td { padding: 6px 13px; border: 1px solid #8886; }
        code { padding: .2em .4em; border-radius: 6px; background: #8883; font: 85% 'Liberation Mono', monospace; }
        summary { margin: 8px 0; cursor: pointer; }
        blockquote { margin: 0 0 16px; padding: 0 1em; border-left: .25em solid #8886; }
        @media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3; } }
        """
}
