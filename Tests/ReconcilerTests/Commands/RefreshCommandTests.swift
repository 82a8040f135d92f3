import Foundation
import Testing

@testable import Reconciler

@Suite("refresh, import and plan --refresh, as processes", .seated, .serialized)
struct RefreshCommandTests {
    /// A simulator of the devices in `fleet.yaml`, and a way to run commands against it.
    private struct Bench: Sendable {
        let folder: TemporaryFolder
        let server: Binary
        let baseURL: String
        let port = Harness.port()

        init(_ devices: Int, _ arguments: [String] = []) async throws {
            try await self.init(try Fleets.yaml(devices), arguments)
        }

        init(_ yaml: String, _ arguments: [String]) async throws {
            folder = try TemporaryFolder()
            try folder.write("fleet.yaml", yaml)
            (server, baseURL) = try await Binary.simulator(folder, ["--callback-delay", "50ms"] + arguments)
        }

        func arguments(_ words: [String]) -> [String] {
            words + ["--base-url", baseURL, "--callbacks-listen", "127.0.0.1:\(port)", "--register", "auto"]
        }

        func run(_ words: [String]) async throws -> Binary.Result {
            try await Binary.run(arguments(words), in: folder.path, environment: Binary.simulatorSecrets)
        }

        func post(_ path: String, _ body: String) async throws {
            let url = baseURL.replacing("/api", with: "/simulator/\(path)")
            #expect(try await Harness.call("POST", url, body: Data(body.utf8)).status == 200)
        }

        func end() async {
            server.send(SIGTERM)
            _ = await server.result()
        }
    }

    @Test("import, plan, drift, plan --refresh: from an account to YAML, and back to what has moved")
    func story() async throws {
        let bench = try await Bench(12, ["--as-declared"])
        let imported = try await bench.run(["import", "--account", "\(Fleets.account)", "--into", "imported"])
        #expect(imported.exitCode == 0, "\(imported.errors)")
        #expect(imported.output.contains("wrote imported/account-\(Fleets.account).yaml"))
        #expect(imported.errors.contains("Imported 12 devices in 1 profile set."))
        let plan = try await bench.run(["plan", "imported", "--detailed-exitcode"])
        #expect(
            plan.exitCode == 0 && plan.output.contains("Nothing to do. 12 of 12 devices as desired."), "\(plan.output)")

        try await bench.post("drift", "{\"count\":2,\"profileStatus\":\"DISABLE\"}")
        let before = try await bench.run(["plan", "imported", "--detailed-exitcode"])
        #expect(before.exitCode == 0, "nobody has looked")
        let drifted = try await bench.run(["plan", "imported", "--detailed-exitcode", "--refresh"])
        #expect(drifted.exitCode == 2, "\(drifted.errors)")
        let lines = drifted.output.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("Drift") })
        #expect(lines.count { $0.contains("is downloadedDisabled (DISABLE) since") } == 2, "\(drifted.output)")
        #expect(drifted.output.contains("2 devices drifted."))
        let json = try await bench.run(["plan", "imported", "--format", "json"])
        #expect(try JSONValue(json: Array(json.output.utf8))["drifts"]?.elements.count == 2)

        let again = try await bench.run(["import", "--account", "\(Fleets.account)", "--into", "imported"])
        #expect(again.exitCode == 1 && again.errors.contains("--force"))
        let stdout = try await bench.run(["import", "--account", "\(Fleets.account)"])
        #expect(stdout.exitCode == 0)
        #expect(stdout.output.split(separator: "\n").count { $0.contains("state: downloaded-disabled}") } == 2)
        await bench.end()
    }

    @Test("import spreads devices over files by the label that is asked for, and plan finds nothing to do")
    func splitByLabel() async throws {
        let sets = try [("north", 0), ("south", 5)].map { group, first in
            try Fleets.yaml(5, name: group, from: first).replacing(
                "{name: \(group)}", with: "{name: \(group), labels: {group: \(group)}}")
        }
        let bench = try await Bench(sets.joined(separator: "---\n"), ["--as-declared"])
        let account = ["import", "--account", "\(Fleets.account)"]
        let imported = try await bench.run(account + ["--into", "split", "--split-by", "label"])
        #expect(imported.exitCode == 0, "\(imported.errors)")
        #expect(imported.output == "wrote split/group-north.yaml\nwrote split/group-south.yaml\n")
        let plan = try await bench.run(["plan", "split", "--target", "label:group=north"])
        #expect(plan.output.contains("Nothing to do. 5 of 5 selected devices as desired."), "\(plan.output)")
        let other = try await bench.run(account + ["--into", "other", "--split-by", "label:site"])
        #expect(other.output == "wrote other/without-site.yaml\n", "\(other.errors)")
        #expect(try await bench.run(account + ["--into", "x", "--split-by", "site"]).exitCode == 64)
        await bench.end()
    }

    @Test("refresh says what it has read, as text and JSON, and ends with the exit code of the contract")
    func exitCodes() async throws {
        let bench = try await Bench(3, ["--lists-without-status"])
        let text = try await bench.run(["refresh", "fleet.yaml"])
        #expect(text.exitCode == 0, "\(text.errors)")
        #expect(text.output.contains("Account \(Fleets.account)  3 devices, 3 new, 3 changed"), "\(text.output)")
        #expect(text.errors.contains("1 of 1 account read"), "\(text.errors)")
        let json = try await bench.run(["refresh", "--account", "\(Fleets.account)", "--format", "json"])
        let document = try JSONDecoder().decode(RefreshDocument.self, from: Data(json.output.utf8))
        #expect(document.complete && document.accounts.map(\.devices) == [3])
        #expect(document.accounts.map(\.v2.state) == ["read"])
        try await bench.post("devices/\(try Fleets.iccid(0))", "{\"profileStatus\":\"UNKNOWN\"}")
        let held = try await bench.run(["refresh", "fleet.yaml"])
        #expect(held.exitCode == 3 && held.output.contains("1 declared device held"), "\(held.output)")
        for arguments in [["refresh"], ["refresh", "--only-declared", "--account", "1"], ["import"]] {
            #expect(try await Binary.run(arguments, in: "/").exitCode == 64, "\(arguments)")
        }
        let both = try await bench.run(["refresh", "fleet.yaml", "--no-v1", "--no-v2"])
        #expect(both.exitCode == 1 && both.errors.contains("Both device lists are switched off"))
        let unknown = try await bench.run(["refresh", "--account", "9-9", "--no-v2"])
        #expect(unknown.exitCode == 1 && unknown.output.contains("9-9, v1 device list"), "\(unknown.output)")
        await bench.end()
    }

    @Test("a list that does not come in time is exit code 4 and no plan; settings and the environment switch lists off")
    func late() async throws {
        let bench = try await Bench(3, ["--list-drop-rate", "1"])
        let late = try await bench.run(["refresh", "fleet.yaml", "--timeout", "300ms"])
        #expect(late.exitCode == 4 && late.output.contains("did not come in time"), "\(late.output)")
        let plan = try await bench.run(["plan", "fleet.yaml", "--refresh", "--refresh-timeout", "300ms"])
        #expect(plan.exitCode == 4 && plan.output.isEmpty && plan.errors.contains("No plan is shown"), "\(plan.output)")
        let imported = try await bench.run(["import", "--account", "\(Fleets.account)", "--timeout", "300ms"])
        #expect(imported.exitCode == 4 && imported.output.isEmpty && imported.errors.contains("Nothing was written"))
        try bench.folder.write("profilectl.yaml", "refresh: {v2: false, every: 6h}\n")
        #expect(try await bench.run(["refresh", "fleet.yaml"]).exitCode == 0)
        let over = try await bench.run(["refresh", "fleet.yaml", "--v2", "--timeout", "300ms"])
        #expect(over.exitCode == 4, "an option stands above the settings")
        try bench.folder.write("profilectl.yaml", "refresh: {v2: no, every: 5s}\n")
        let wrong = try await bench.run(["refresh", "fleet.yaml"])
        #expect(
            wrong.exitCode == 1 && wrong.errors.contains("true or false") && wrong.errors.contains("at least a minute"))
        await bench.end()
    }

    @Test("Ctrl-C ends a refresh with exit code 130, and nothing is changed")
    func interrupted() async throws {
        let bench = try await Bench(3, ["--list-drop-rate", "1"])
        let run = try Binary(
            bench.arguments(["refresh", "fleet.yaml"]), in: bench.folder.path, environment: Binary.simulatorSecrets)
        let store = try SQLiteStore(path: bench.folder.path + "/.profilectl/state.db")
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(50))
        let asked = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            try await store.read { try $0.awaitsDeviceList(since: Timestamp(milliseconds: 0)) } ? true : nil
        }
        #expect(asked == true)
        run.send(SIGINT)
        let result = await run.result()
        #expect(
            result.exitCode == 130 && result.output.contains("nothing was changed"), "\(result.output)\(result.errors)")
        let known = try await store.read { try $0.knownFleet().devices.count }
        #expect(known == 0)
        let leases = try await store.read { try $0.leases() }
        #expect(leases.isEmpty)
        await bench.end()
    }

    @Test("an account without a profile status in any list is imported with --smsr from what v1 tells, or not at all")
    func v1Import() async throws {
        let bench = try await Bench(4, ["--as-declared", "--v1-tells-status", "--without-v2-list"])
        let account = ["import", "--account", "\(Fleets.account)", "--no-v2"]
        let without = try await bench.run(account)
        #expect(without.exitCode == 1 && without.errors.contains("--smsr OID"), "\(without.errors)")
        let with = try await bench.run(account + ["--smsr", "\(Fleets.smsr)"])
        #expect(with.exitCode == 0 && with.output.contains("smsrOid: \(Fleets.smsr)"))
        #expect(try await bench.run(account + ["--smsr", "x"]).exitCode == 1)
        let refused = try await bench.run(["refresh", "--account", "\(Fleets.account)"])
        #expect(refused.exitCode == 1 && refused.output.contains("refresh.v2: false"), "\(refused.output)")
        await bench.end()
    }
}
