import Foundation
import Testing

@testable import Reconciler

@Suite("Maintenance windows and label waves, as processes", .seated, .serialized)
struct MaintenanceWindowCommandTests {
    /// The hour of a day, in UTC, that begins so many hours from now.
    private func hour(in hours: Int) -> String {
        let time = SystemClock().now() + .seconds(hours * 3600)
        let hour = time.milliseconds / 3_600_000 % 24
        return hour < 10 ? "0\(hour):00" : "\(hour):00"
    }

    @Test("outside its windows a fleet waits or the run ends with exit code 4, and plan and apply say when it opens")
    func windows() async throws {
        let folder = try TemporaryFolder()
        let closed = "rollout: {windows: [{from: \"\(hour(in: 3))\", to: \"\(hour(in: 4))\"}]}"
        try folder.write("fleet.yaml", try Fleets.yaml(3, rollout: closed))
        let opening = #/opens at \d{4}-\d\d-\d\dT\d\d:00:00.000Z \(\w{3} \d\d:00 UTC\)/#
        let apply = [
            "apply", "fleet.yaml", "--simulate", "--auto-approve", "--verify", "trust", "--callback-delay", "50ms",
        ]
        for arguments in [["--no-wait"], ["--timeout", "2m"]] {
            let result = try await Binary.run(apply + arguments, in: folder.path)
            #expect(result.exitCode == 4, "\(result.output)\(result.errors)")
            #expect(result.output.contains("Window closed. Profile set fleet opens at "))
            #expect(result.output.contains("Outside the maintenance windows; a later run goes on from here."))
            #expect(result.output.contains("profile set fleet waits for its window, which opens at "))
            #expect(result.output.matches(of: opening).count == 2, "\(result.output)")
        }
        let ignored = try await Binary.run(apply + ["--outside-windows"], in: folder.path)
        #expect(ignored.exitCode == 0, "\(ignored.output)\(ignored.errors)")
        #expect(ignored.output.contains("note: Profile set fleet is changed outside its maintenance windows"))

        let waiting = try Binary(apply + ["--timeout", "5h"], in: folder.path)
        let line = try await waiting.printed("waits for its window", to: "errors")
        #expect(line?.contains(opening) == true)
        waiting.send(SIGINT)
        #expect(await waiting.result().exitCode == 130)

        let text = try await Binary.run(["plan", "fleet.yaml"], in: folder.path)
        #expect(text.exitCode == 0 && text.output.contains(opening), "\(text.output)")
        let json = try await Binary.run(["plan", "fleet.yaml", "--format", "json"], in: folder.path)
        let windows = try JSONDecoder().decode(PlanDocument.self, from: Data(json.output.utf8)).summary.windows
        #expect(windows.map(\.profileSet) == ["fleet"] && windows.map(\.open) == [false])
        #expect(windows.first?.opensAt?.hasSuffix(":00:00.000Z") == true && windows.first?.closesAt == nil)
    }

    @Test("a run that is killed in the middle of a wave of labels goes on within it")
    func killedInLabelWave() async throws {
        let folder = try TemporaryFolder()
        let rollout =
            "rollout: {batchSize: 4, requestsPerSecond: 2, waves: [{labels: {site: lab}}, 50%]}"
        var yaml = try Fleets.yaml(0, rollout: rollout)
        var lab: Set<String> = []
        for number in 0..<18 {
            let isLab = number % 3 == 0
            yaml += "  - {eid: \(try Fleets.eid(number)), iccid: \(try Fleets.iccid(number))"
            yaml += isLab ? ", labels: {site: lab}}\n" : "}\n"
            if isLab { lab.insert(try Fleets.iccid(number).description) }
        }
        try folder.write("fleet.yaml", yaml)
        let (server, baseURL) = try await Binary.simulator(
            folder, ["--callback-delay", "50ms", "--redelivery-interval", "300ms"])
        let root = baseURL.replacing("/api", with: "")
        let listen = "127.0.0.1:\(Int.random(in: 20_000..<30_000))"
        func run(killAt: String?) async throws -> Binary.Result {
            let environment = killAt.map { ["PROFILECTL_KILL_AT": $0] } ?? [:]
            return try await Binary.run(
                [
                    "apply", "fleet.yaml", "--auto-approve", "--base-url", baseURL, "--callbacks-listen", listen,
                    "--callbacks-url", "http://\(listen)/callbacks", "--register", "auto", "--callback-deadline", "2s",
                    "--retry-delay", "100ms", "--verify", "trust",
                ], in: folder.path, environment: Binary.simulatorSecrets.merging(environment) { $1 })
        }
        /// The profiles that are on a device by the carrier's own account.
        @Sendable func there() async throws -> Set<String> {
            let devices = try JSONValue(
                json: Array(try await Harness.call("GET", root + "/simulator/devices").body.utf8))
            return Set(
                devices.elements.filter { $0["profileStatus"]?.text == "DOWNLOAD_ENABLE" }
                    .compactMap { $0["iccid"]?.text })
        }
        // The wave of six devices takes two requests, of which either may have the first turn; it is the last that this
        // run makes.
        #expect(try await run(killAt: "answer-kept:1").exitCode == -SIGKILL)
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
        let first = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            let there = try await there()
            return there.count >= 2 ? there : nil
        }
        #expect(first?.isSubset(of: lab) == true && (first?.count ?? 9) <= 4, "\(String(describing: first))")
        let store = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
        let rollouts = try await store.read { try $0.openRollouts() }
        #expect(rollouts.map(\.waveLabels) == [["site": "lab"]] && rollouts.map(\.waveLimit) == [6])

        // The next request is for the two that are left, and for nobody else.
        #expect(try await run(killAt: "intent-kept:2").exitCode == -SIGKILL)
        let second = try await there()
        #expect(lab.isSubset(of: second) && second == lab, "\(second.subtracting(lab))")
        let last = try await run(killAt: nil)
        #expect(last.exitCode == 0, "\(last.output)\(last.errors)")
        #expect(last.errors.contains("fleet in wave 2 of 3 (50%): "), "\(last.errors)")
        #expect(try await there().count == 18)
        let counts = try JSONValue(json: Array(try await Harness.call("GET", root + "/simulator/counts").body.utf8))
        #expect(counts["repeatedDownloads"]?.text == "0")
        server.send(SIGTERM)
        _ = await server.result()
    }
}
