import Foundation
import Testing

@testable import Reconciler

@Suite("The dashboard of a running controller", .seated, .timeLimit(.minutes(5)))
struct ServeBrowserTests {
    private static let headline = "return document.querySelector('.headline')?.textContent ?? ''"
    /// `make screenshots` names the folder.
    private static let folder = ProcessInfo.processInfo.environment["SCREENSHOTS"]

    @Test(
        "shows a roll-out of 2,000 devices as it goes, finds a device that failed, and holds the roll-out when asked to",
        Tool.chromedriver.isThere)
    func rollout() async throws {
        let fleet = try await SimulatedFleet(
            [("meters", 2000)],
            rollout: "requestsPerSecond: 1000, batchSize: 50, maxInFlight: 150, waves: [\"5%\", \"40%\", \"100%\"]",
            simulator: ["--callback-delay", "900ms", "--permanent-failure-rate", "0.004", "--seed", "3"])
        let controller = try fleet.serve(["--admin", "127.0.0.1:0"])
        let started = try #require(try await controller.printed("Look at http", to: "errors"))
        let admin = String(try #require(started.firstMatch(of: #/Look at (http://\S+)/#)).1)
        try await Browser.with { browser in
            try await browser.show(width: 1280, height: 1300, isDark: false)
            try await browser.go(admin)
            _ = try await browser.evaluate("window.isStillThisPage = true; return ''")
            // Numbers change without reload.
            try await browser.until("true", "return document.querySelectorAll('.waves li').length === 3")
            try await fleet.waitUntil("acceptedDevices", "download_enable", reach: 300)
            try await keep(browser, "rollout-desktop-light")
            try await browser.click("form[action='/pause'] button.stop")
            try await browser.until("true", "return document.body.textContent.includes('Paused: everything')")
            // Reloaded by the form.
            _ = try await browser.evaluate("window.isStillThisPage = true; return ''")
            try await browser.until(
                "0",
                "return [...document.querySelectorAll('.legend li')].find((each) => each.textContent.includes('in flight'))?.querySelector('b').textContent ?? '0'"
            )
            let paused = try await fleet.count("acceptedDevices", "download_enable")
            #expect(paused >= 300 && paused < 2000)
            try await browser.click("[aria-label='Resume everything']")
            try await browser.until("false", "return document.body.textContent.includes('Paused: everything')")
            #expect(try await fleet.count("acceptedDevices", "download_enable") >= paused)
            _ = try await browser.evaluate("window.isStillThisPage = true; return ''")
            let failed = try await failures(admin)
            let ending = "\((2000 - failed.count).grouped) of 2,000 devices as desired"
            try await browser.until(ending, Self.headline)
            #expect(try await browser.evaluate("return String(window.isStillThisPage)") == "true", "no reload")
            try await keep(browser, "rollout-done-desktop-light")
            // A device that failed, and why.
            let eid = try #require(failed.first)
            try await browser.type(eid + "\n", into: "#quick")
            try await browser.until("1", "return document.querySelectorAll('tbody tr').length")
            try await browser.click("tbody a")
            try await browser.until("Device \(eid)", "return document.querySelector('h1')?.textContent ?? ''")
            let timeline = try await browser.evaluate("return document.querySelector('.timeline').textContent")
            #expect(timeline.contains("failed") && timeline.contains("serve"), "\(timeline.prefix(500))")
            try await browser.expectQuiet()
        }
        controller.send(SIGTERM)
        #expect(await controller.result().exitCode == 0)
        #expect(try await fleet.count("repeatedDownloads") == 0)
        await fleet.end()
    }

    /// The EIDs of devices that have failed, once all others are as desired.
    private func failures(_ admin: String) async throws -> [String] {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(200))
        let found = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            let status = try JSONValue(
                json: Array(try await Harness.call("GET", admin + "api/v1/status").body.utf8))
            guard let converged = status["standings"]?["converged"]?.text.flatMap({ Int($0) }),
                let failed = status["standings"]?["failed"]?.text.flatMap({ Int($0) }), converged + failed == 2000
            else { return [String]?.none }
            let devices = try JSONValue(
                json: Array(try await Harness.call("GET", admin + "api/v1/devices?standing=failed").body.utf8))
            return devices["devices"]?.elements.compactMap { $0["eid"]?.text }
        }
        return try #require(found)
    }

    private func keep(_ browser: Browser, _ name: String) async throws {
        guard let folder = Self.folder else { return }
        try await browser.screenshot().write(to: URL(fileURLWithPath: "\(folder)/dashboard-\(name).png"))
    }
}
