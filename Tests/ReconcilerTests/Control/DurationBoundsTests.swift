import Testing

@testable import Reconciler

@Suite("Durations in the settings")
struct DurationBoundsTests {
    @Test(
        "one that is too long is named with the bound",
        arguments: [
            ("stateTimeout", "stateTimeout: 25d", "STATE_TIMEOUT", "at most 1h"),
            ("history", "history: 9999d", "HISTORY", "at most 3650d"),
            ("refresh.every", "refresh: {every: 31d}", "REFRESH_EVERY", "at most 30d"),
            ("serve.drainTimeout", "serve: {drainTimeout: 2h}", "SERVE_DRAIN_TIMEOUT", "at most 1h"),
            ("serve.manifestInterval", "serve: {manifestInterval: 2d}", "SERVE_MANIFEST_INTERVAL", "at most 1d"),
            (
                "convergence.callbackDeadline", "convergence: {callbackDeadline: 999999999d}",
                "CONVERGENCE_CALLBACK_DEADLINE", "at most 30d"
            ),
            ("convergence.enableAfter", "convergence: {enableAfter: 40d}", "CONVERGENCE_ENABLE_AFTER", "at most 30d"),
            ("convergence.retryDelay", "convergence: {retryDelay: 40d}", "CONVERGENCE_RETRY_DELAY", "at most 30d"),
            ("convergence.verifyAfter", "convergence: {verifyAfter: 40d}", "CONVERGENCE_VERIFY_AFTER", "at most 30d"),
        ])
    func bounds(path: String, yaml: String, variable: String, bound: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("profilectl.yaml", yaml + "\n")
        let error = #expect(throws: SettingsError.self) { try Settings.load(path: file, environment: [:]) }
        for part in [path, bound] { #expect(error?.description.contains(part) == true, "\(String(describing: error))") }
        for value in ["9999d", "999999999999999999999999d", "1e300s"] {
            let environment = ["PROFILECTL_\(variable)": value]
            let error = #expect(throws: SettingsError.self) { try Settings.load(path: nil, environment: environment) }
            #expect(error?.description.contains("PROFILECTL_\(variable)") == true)
        }
    }

    @Test("a command ends with a sentence, whatever the duration is")
    func command() async throws {
        let folder = try TemporaryFolder()
        for text in ["25d", "99999999d"] {
            try folder.write("profilectl.yaml", "stateTimeout: \(text)\n")
            let result = try await Binary.run(["status"], in: folder.path)
            #expect(
                result.exitCode == 1 && result.errors.contains("stateTimeout"), "\(result.exitCode) \(result.errors)")
        }
    }

    @Test("a store opens with any time-out")
    func store() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db", busyTimeout: .seconds(25 * 86_400))
        #expect(try await store.read { try $0.counters() } == [:])
    }
}
