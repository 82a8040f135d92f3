import Foundation
import Testing

@testable import Admin
@testable import Reconciler

@Suite("The dashboard in a browser", .seated, .serialized, .timeLimit(.minutes(5)))
struct DashboardBrowserTests {
    @Test(
        "numbers change without reload, what was typed stays, and pause and resume work by keyboard",
        Tool.chromedriver.isThere)
    func live() async throws {
        try await AdminScene.run(pace: .init(interval: .zero, heartbeat: .seconds(3600))) { scene in
            try await Browser.with { browser in
                try await browser.go(scene.url + "/")
                let headline = "return document.querySelector('.headline').textContent"
                #expect(try await browser.evaluate(headline) == "1,738 of 2,040 devices as desired")
                try await browser.until("live", "return document.getElementById('lamp').textContent.trim()")
                try await browser.type("outage", into: "#reason")
                scene.board.update { $0.sets[0].converged += 12 }
                try await browser.until("1,750 of 2,040 devices as desired", headline)
                #expect(try await browser.evaluate("return document.getElementById('reason').value") == "outage")
                #expect(try await browser.evaluate("return document.activeElement.id") == "reason")

                // A section that appears above does not take the focus, nor does another set's row.
                let button = "[aria-label='Pause tucson-meters']"
                _ = try await browser.evaluate("document.querySelector(\"\(button)\").focus(); return ''")
                scene.board.update { status in
                    status.sets.remove(at: 0)
                    status.problem = .init(
                        condition: .stopped, text: "The carrier has refused the sign-in twice.", at: status.startedAt)
                }
                try await browser.until("740 of 840 devices as desired", headline)
                #expect(
                    try await browser.evaluate("return document.activeElement.getAttribute('aria-label')")
                        == "Pause tucson-meters")

                try await browser.type("\n", into: "#reason")
                try await browser.until("true", "return document.body.textContent.includes('Paused: everything')")
                let pauses = try await scene.store.read { try $0.pauses() }
                #expect(pauses.map(\.reason) == ["outage"])
                try await browser.click("[aria-label='Resume everything']")
                try await browser.until("false", "return document.body.textContent.includes('Paused: everything')")
                #expect(try await scene.store.read { try $0.pauses() } == [])
                try await browser.expectQuiet()
            }
        }
    }

    @Test("a sign-in, a search, a device's timeline, a sign-out", Tool.chromedriver.isThere)
    func walk() async throws {
        try await AdminScene.run(
            token: AdminScene.token, pace: .init(interval: .zero, heartbeat: .seconds(3600))
        ) { scene in
            try await SampleController.fill(scene.store, now: scene.clock.now())
            let failed = try Fleets.key(5)
            try await Browser.with { browser in
                try await browser.go(scene.url + "/devices")
                #expect(try await browser.spoken("#token") == "textbox: Token of the admin endpoint")
                try await browser.type("wrong\n", into: "#token")
                try await browser.until(
                    "This is not the token.", "return document.querySelector('[role=alert]')?.textContent ?? ''")
                try await browser.type(AdminScene.token + "\n", into: "#token")
                try await browser.until("Devices", "return document.querySelector('h1').textContent")
                try await browser.type(failed.eid.description + "\n", into: "#quick")
                try await browser.until("1", "return document.querySelectorAll('tbody tr').length")
                try await browser.click("tbody a")
                try await browser.until(
                    "Device \(failed.eid)", "return document.querySelector('h1')?.textContent ?? ''")
                let timeline = try await browser.evaluate("return document.querySelector('.timeline').textContent")
                #expect(timeline.contains("failed") && timeline.contains("no room for another profile"))
                #expect(try await browser.evaluate("return document.cookie") == "", "scripts do not see it")
                // What was wrong with the token is an error for the console, too.
                _ = try await browser.console()
                try await browser.click("button.plain")
                try await browser.until("Sign in", "return document.querySelector('h1').textContent")
                try await browser.expectQuiet()
            }
        }
    }

    @Test(
        "on a phone nothing sticks out, in the dark it is dark, and a screen reader is told what things are",
        Tool.chromedriver.isThere)
    func ways() async throws {
        var status = try SampleController.status(now: ManualClock().now())
        status.sets[0].name = String(repeating: "long", count: 30)
        let history = status.history
        try await AdminScene.run(status: status) { scene in
            try await SampleController.fill(scene.store, now: scene.clock.now())
            try await Browser.with { browser in
                var backgrounds: Set<String> = []
                for isDark in [false, true] {
                    for width in [320, 390, 1280] {
                        try await browser.show(width: width, height: 800, isDark: isDark)
                        for path in ["/", "/devices", "/devices/\(try Fleets.eid(0))"] {
                            try await browser.go(scene.url + path)
                            let needed = try await browser.evaluate("return document.documentElement.scrollWidth")
                            #expect(Int(needed) ?? .max <= width, "\(path) at \(width)")
                        }
                    }
                    backgrounds.insert(
                        try await browser.evaluate("return getComputedStyle(document.body).backgroundColor"))
                }
                #expect(backgrounds.count == 2)
                try await browser.go(scene.url + "/")
                #expect(
                    try await browser.spoken(".glance .standings").hasPrefix("image: 1,738 as desired, 94 in flight"))
                #expect(
                    try await browser.spoken(".plot svg")
                        == "image: As desired over time From 0 % as desired at \(history[0].at.inUTC) to 86.9 % as desired "
                        + "at \(history[300].at.inUTC); 37 failed, held or blocked now.")
                #expect(try await browser.spoken("#quick") == "searchbox: Search by EID, ICCID or IMEI")
                #expect(try await browser.spoken("section[data-key=failures]") == "region: Failed, held or blocked")
                #expect(try await browser.spoken("#reason") == "textbox: Why everything is paused")
                #expect(try await browser.spoken("#announcement").hasPrefix("status"))
                for width in [390, 1280] {
                    try await browser.show(width: width, height: 800, isDark: false)
                    #expect(try await browser.spoken(".wide tbody tr:nth-child(2) td").hasPrefix("cell"), "\(width)")
                }
                // Everything that can be used can be reached with the keyboard, and has a name.
                let unnamed = try await browser.evaluate(
                    """
                    return [...document.querySelectorAll("button, input:not([type=hidden]), select, a")].filter((each) =>
                      each.tabIndex < 0 || !(each.textContent.trim() || each.ariaLabel || each.labels?.length)).length
                    """)
                #expect(unnamed == "0")
                try await browser.expectQuiet()
            }
        }
    }

    @Test("text of the carrier runs no script and requests nothing", Tool.chromedriver.isThere)
    func hostile() async throws {
        let status = try SampleController.hostileStatus(now: ManualClock().now())
        try await AdminScene.run(status: status, pace: .init(interval: .zero, heartbeat: .seconds(3600))) { scene in
            try await SampleController.fill(
                scene.store, now: scene.clock.now(), count: 40, text: SampleController.hostile)
            try await Browser.with { browser in
                for path in ["/", "/devices", "/devices/\(try Fleets.eid(0))"] {
                    try await browser.go(scene.url + path)
                    try await browser.until("live", "return document.getElementById('lamp').textContent.trim()")
                    scene.board.update { $0.unmanaged += 1 }
                    let foreign =
                        "return document.querySelectorAll('main script, main [onfocus], main b[x], main style').length"
                    #expect(try await browser.evaluate(foreign) == "0")
                    // An open alert would make this fail.
                    #expect(try await browser.evaluate("return document.title.length > 0") == "true")
                }
                try await browser.expectQuiet()
            }
        }
    }

    /// `make screenshots` names the folder.
    private static let folder = ProcessInfo.processInfo.environment["SCREENSHOTS"]

    @Test(
        "screenshots for the documents", Tool.chromedriver.isThere, .enabled(if: folder != nil, "by make screenshots"))
    func screenshots() async throws {
        try await AdminScene.run(token: AdminScene.token) { scene in
            try await SampleController.fill(scene.store, now: scene.clock.now())
            try await PauseSession(store: scene.store, clock: scene.clock).pause(
                "insulin-pumps", reason: "firmware first, ticket 4711", by: "ann on ops-1")
            try await Browser.with { browser in
                try await browser.show(width: 1280, height: 900, isDark: false)
                try await browser.go(scene.url + "/")
                try await Self.keep(browser, "sign-in", "desktop-light")
                try await browser.type(AdminScene.token + "\n", into: "#token")
                try await browser.until("Fleet", "return document.querySelector('h1').textContent")
                let pages = [
                    ("fleet", "/", 1500, 1700), ("devices", "/devices?search=8904&standing=failed", 900, 1200),
                    ("device", "/devices/\(try Fleets.eid(0))", 900, 1300),
                ]
                for (name, path, desktop, phone) in pages {
                    for (device, width, height) in [("desktop", 1280, desktop), ("phone", 390, phone)] {
                        for isDark in [false, true] {
                            try await browser.show(width: width, height: height, isDark: isDark)
                            try await browser.go(scene.url + path)
                            try await browser.until("live", "return document.getElementById('lamp').textContent.trim()")
                            try await Self.keep(browser, name, "\(device)-\(isDark ? "dark" : "light")")
                        }
                    }
                }
            }
        }
    }

    private static func keep(_ browser: Browser, _ page: String, _ way: String) async throws {
        let picture = try await browser.screenshot()
        try picture.write(to: URL(fileURLWithPath: "\(folder ?? ".")/dashboard-\(page)-\(way).png"))
    }
}
