import ArgumentParser
import Foundation
import Testing

@testable import Reconciler
@testable import profilectl

@Suite("The commands, as processes", .seated, .serialized)
struct CommandTests {
    @Test("every command explains itself, and wrong usage is exit code 64")
    func help() async throws {
        for command in [""] + Profilectl.configuration.subcommands.compactMap({ $0.configuration.commandName }) {
            let result = try await Binary.run((command.isEmpty ? [] : [command]) + ["--help"], in: "/")
            #expect(result.exitCode == 0)
            #expect(result.output.contains("USAGE: profilectl"))
            #expect(result.output.contains("Examples:"))
        }
        for arguments in [["plan"], ["nonsense"], ["plan", "x", "--nonsense"], ["apply", "x", "--timeout", "soon"]] {
            #expect(try await Binary.run(arguments, in: "/").exitCode == 64, "\(arguments)")
        }
    }

    @Test("validate gives every malformed manifest a place and exit code 1")
    func malformed() async throws {
        let folder = try TemporaryFolder()
        for (index, (yaml, line)) in MalformedManifestTests.byHand.enumerated() {
            let name = "bad-\(index).yaml"
            try folder.write(name, yaml)
            let result = try await Binary.run(["validate", name], in: folder.path)
            #expect(result.exitCode == 1, "\(yaml)")
            #expect(result.output.contains("\(name):\(line):"), "\(yaml)\n\(result.output)")
        }
    }

    @Test("a mutated manifest ends validate with 0 or 1, never with a crash", arguments: [1, 2, 3])
    func mutated(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let folder = try TemporaryFolder()
        let original = Array(try Fleets.yaml(2).utf8)
        for number in 0..<8 {
            var bytes = original
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try folder.write("m.yaml", Data(bytes))
            let result = try await Binary.run(["validate", "m.yaml"], in: folder.path)
            #expect([0, 1].contains(result.exitCode), "seed \(seed), number \(number): \(result.errors)")
            #expect(result.exitCode == 0 || result.output.contains("error: "), "seed \(seed), number \(number)")
        }
    }

    @Test("validate reads standard input, and prints JSON that is JSON")
    func validate() async throws {
        let yaml = Data(try Fleets.yaml(3).utf8)
        let good = try await Binary.run(["validate", "-", "--format", "json"], in: "/", input: yaml)
        #expect(good.exitCode == 0)
        let document = try JSONDecoder().decode(ValidationDocument.self, from: Data(good.output.utf8))
        #expect(document.valid && document.devices == 3)
        let missing = try await Binary.run(["validate", "nowhere.yaml"], in: "/")
        #expect(missing.exitCode == 1)
    }

    @Test("every example is valid, converges on the simulator, and has nothing to do after that")
    func examples() async throws {
        let folder = try TemporaryFolder()
        let examples = Repository.path + "/examples"
        // The other folders have tests of their own.
        let others: Set = ["policy", "github-actions", "serve"]
        for name in try FileManager.default.contentsOfDirectory(atPath: examples).sorted() where !others.contains(name)
        {
            let path = examples + "/" + name
            #expect(try await Binary.run(["validate", path, "--strict"], in: folder.path).exitCode == 0, "\(name)")
            let store = "sqlite:\(folder.path)/\(name).db"
            let applied = try await Binary.run(
                [
                    "apply", path, "--simulate", "--auto-approve", "--state", store, "--warning-rate", "0.2",
                    "--failure-rate", "0.2", "--retry-delay", "100ms", "--callback-delay", "50ms",
                    // Whatever the hour is.
                    "--outside-windows",
                ], in: folder.path)
            #expect(applied.exitCode == 0, "\(name): \(applied.errors)\(applied.output)")
            #expect(applied.output.contains("Converged."))
            let plan = try await Binary.run(["plan", path, "--state", store, "--detailed-exitcode"], in: folder.path)
            #expect(plan.exitCode == 0)
            #expect(plan.output.hasPrefix("Nothing to do."))
        }
        #expect(
            !FileManager.default.fileExists(atPath: folder.path + "/.profilectl"), "the settings' store is left alone")
    }

    @Test("plan shows what is to do, as text and JSON, with exit code 2 if asked for, and makes no store")
    func plan() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(3))
        let text = try await Binary.run(["plan", "fleet.yaml", "--detailed-exitcode"], in: folder.path)
        #expect(text.exitCode == 2)
        #expect(text.output.contains("Plan: 3 downloadEnable"))
        let json = try await Binary.run(["plan", "fleet.yaml", "--format", "json"], in: folder.path)
        #expect(json.exitCode == 0)
        let document = try JSONDecoder().decode(PlanDocument.self, from: Data(json.output.utf8))
        #expect(document.actions.map(\.unverified) == [true, true, true])
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/.profilectl"))
    }

    @Test("devices that fail for good end the run with exit code 3 and a reason each")
    func failures() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(20))
        let result = try await Binary.run(
            [
                "apply", "fleet.yaml", "--simulate", "--auto-approve", "--permanent-failure-rate", "0.5",
                "--callback-delay", "50ms",
            ], in: folder.path)
        #expect(result.exitCode == 3)
        #expect(result.output.contains("failed "))
        #expect(result.output.contains("Done as far as possible."))
    }

    @Test("without a terminal and without --auto-approve nothing is done")
    func approval() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(1))
        let result = try await Binary.run(["apply", "fleet.yaml", "--simulate"], in: folder.path)
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("--auto-approve"))
    }

    @Test("missing secrets and unknown settings are named, and no secret is printed")
    func settings() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(1))
        let missing = try await Binary.run(["apply", "fleet.yaml", "--auto-approve"], in: folder.path)
        #expect(missing.exitCode == 1)
        #expect(missing.errors.contains("THINGSPACE_CLIENT_ID"))
        try folder.write("profilectl.yaml", "thingspace:\n  baseUrl: https://x.example/api\n")
        let unknown = try await Binary.run(["plan", "fleet.yaml"], in: folder.path)
        #expect(unknown.exitCode == 1)
        #expect(unknown.errors.contains("profilectl.yaml:2:3"))
        #expect(unknown.errors.contains("did you mean `baseURL`?"))
    }

    @Test("a callback that got its 2xx is in the store after kill -9 right behind the answer")
    func acknowledgedIsKept() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(1))
        // A callback that takes a minute keeps the run waiting, so that there is a listener to talk to.
        let (server, baseURL) = try await Binary.simulator(folder, ["--callback-delay", "60s"])
        let port = Int.random(in: 20_000..<30_000)
        let run = try Binary(
            [
                "apply", "fleet.yaml", "--auto-approve", "--base-url", baseURL, "--callbacks-listen",
                "127.0.0.1:\(port)", "--register", "auto", "--verify", "trust", "--log-level", "info",
            ], in: folder.path, environment: Binary.simulatorSecrets)
        _ = try await run.printed("Plan: ")
        let registered = try await waitForListener(port: port)
        try #require(registered)
        let body = "{\"username\":\"profilectl\",\"password\":\"callback-secret\",\"requestId\":\"r-77\"}"
        let answer = try await Harness.call("POST", "http://127.0.0.1:\(port)/callbacks", body: Data(body.utf8))
        run.send(SIGKILL)
        #expect(answer.status == 200)
        #expect(await run.result().exitCode == -SIGKILL)
        let store = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
        let kept = try await store.read { try $0.callbackCounts().values.reduce(0, +) }
        #expect(kept == 1)
        server.send(SIGTERM)
        _ = await server.result()
    }

    /// Asks until the port answers; a refused connection is answered at once.
    private func waitForListener(port: Int) async throws -> Bool {
        for _ in 0..<10 {
            // The client itself tries again until its connect time-out.
            if (try? await Harness.call("GET", "http://127.0.0.1:\(port)/")) != nil { return true }
        }
        return false
    }

    @Test("Ctrl-C ends a run with exit code 130, gives the lock back, and leaves a state that goes on")
    func interrupted() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(3))
        let (server, baseURL) = try await Binary.simulator(folder, ["--callback-delay", "30s"])
        let run = try Binary(
            [
                "apply", "fleet.yaml", "--auto-approve", "--base-url", baseURL, "--callbacks-listen", "127.0.0.1:0",
                "--register", "auto", "--verify", "trust",
            ], in: folder.path, environment: Binary.simulatorSecrets)
        _ = try await run.printed("Plan: ")
        let store = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(50))
        let inFlight = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            let count = try await store.read { try $0.devicesInFlight().count }
            return count == 3 ? count : nil
        }
        #expect(inFlight == 3)
        run.send(SIGINT)
        let result = await run.result()
        #expect(result.exitCode == 130)
        #expect(result.output.contains("a later run goes on from here"))
        let leases = try await store.read { try $0.leases() }
        #expect(leases.isEmpty)
        let status = try await Binary.run(["status"], in: folder.path)
        #expect(status.output.contains("in flight"))
        server.send(SIGTERM)
        _ = await server.result()
    }
}
