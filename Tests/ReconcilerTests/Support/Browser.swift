import Foundation
import Testing

@testable import Reconciler

/// A headless Chromium, driven by the WebDriver protocol (W3C) through chromedriver.
struct Browser: Sendable {
    private let url: String

    /// Runs a browser while `work` runs.
    static func with(_ work: (Browser) async throws -> Void) async throws {
        let program: String = try #require(Tool.chromedriver.path)
        let folder = try TemporaryFolder()
        // What the browser leaves behind goes away with the folder.
        let driver = try Binary(
            ["--port=0", "--log-level=SEVERE"], in: folder.path,
            environment: ["HOME": folder.path, "TMPDIR": folder.path], program: program)
        var outcome: Result<Void, any Error>
        do {
            let line = try #require(try await driver.printed("successfully on port "))
            let port = try #require(line.firstMatch(of: #/successfully on port (\d+)/#)?.1)
            let browser = try await session(of: "http://127.0.0.1:\(port)")
            do {
                try await work(browser)
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            // Closes the browser.
            _ = try await call("DELETE", browser.url)
        } catch {
            outcome = .failure(error)
        }
        // It is started with the other signals blocked.
        driver.send(SIGKILL)
        _ = await driver.result()
        try outcome.get()
    }

    private static func session(of service: String) async throws -> Browser {
        let options: [String: Any] = [
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en"]
        ]
        let answer = try await call(
            "POST", service + "/session",
            [
                "capabilities": [
                    "alwaysMatch": [
                        "browserName": "chrome", "goog:loggingPrefs": ["browser": "ALL"],
                        "goog:chromeOptions": options,
                    ]
                ]
            ])
        return Browser(url: service + "/session/" + (try #require(answer["sessionId"]?.text)))
    }

    private static func call(_ method: String, _ url: String, _ body: [String: Any]? = nil) async throws -> JSONValue {
        let answer = try await Harness.call(
            method, url, headers: ["content-type": "application/json"],
            body: try body.map { try JSONSerialization.data(withJSONObject: $0) })
        let value = try JSONValue(json: Array(answer.body.utf8))["value"]
        guard answer.status == 200, let value else { throw Refused(description: "\(url): \(answer.body.prefix(500))") }
        return value
    }

    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    func open(file: String) async throws {
        _ = try await Self.call("POST", url + "/url", ["url": URL(fileURLWithPath: file).absoluteString])
    }

    /// Runs the body of a function in the page, and gives its result as text.
    func evaluate(_ script: String) async throws -> String {
        let value = try await Self.call(
            "POST", url + "/execute/sync", ["script": "return String((() => { \(script) })())", "args": [String]()])
        return value.text ?? ""
    }

    /// Types into an element as a person does, at its end.
    func type(_ text: String, into selector: String) async throws {
        let element = try await self.element(selector)
        _ = try await Self.call("POST", url + "/element/\(element)/value", ["text": text])
    }

    func clear(_ selector: String) async throws {
        let element = try await self.element(selector)
        _ = try await Self.call("POST", url + "/element/\(element)/clear", [:])
    }

    func click(_ selector: String) async throws {
        let element = try await self.element(selector)
        _ = try await Self.call("POST", url + "/element/\(element)/click", [:])
    }

    /// What a screen reader is told: the role and the name of an element.
    func spoken(_ selector: String) async throws -> String {
        let element = try await self.element(selector)
        let role = try await Self.call("GET", url + "/element/\(element)/computedrole").text ?? ""
        let label = try await Self.call("GET", url + "/element/\(element)/computedlabel").text ?? ""
        return "\(role): \(label)"
    }

    private func element(_ selector: String) async throws -> String {
        let found = try await Self.call(
            "POST", url + "/element", ["using": "css selector", "value": selector])
        // The name that the standard gives to references of elements.
        return try #require(found["element-6066-11e4-a52e-4f735466cecf"]?.text)
    }

    /// What the console says since it was last asked.
    func console() async throws -> [String] {
        let entries = try await Self.call("POST", url + "/se/log", ["type": "browser"])
        return entries.elements.map { "\($0["level"]?.text ?? ""): \($0["message"]?.text ?? "")" }
    }

    /// Sets the size of the page, whether it is dark, and whether it is a phone's.
    func show(width: Int, height: Int, isDark: Bool) async throws {
        try await command(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500])
        try await command(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    }

    /// The page as a PNG, as far as it is seen.
    func screenshot() async throws -> Data {
        let value = try await Self.call("GET", url + "/screenshot")
        return try #require(value.text.flatMap { Data(base64Encoded: $0) })
    }

    /// A command of Chromium's own protocol.
    private func command(_ name: String, _ parameters: [String: Any]) async throws {
        _ = try await Self.call("POST", url + "/goog/cdp/execute", ["cmd": name, "params": parameters])
    }
}
