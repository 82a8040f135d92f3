import Foundation
import Testing

@testable import Reconciler

@Suite("The callbacks commands, as processes", .seated)
struct CallbacksCommandTests {
    @Test("an endpoint is registered, shown without its password, not replaced unasked, and ended")
    func life() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(2))
        let (server, baseURL) = try await Binary.simulator(folder)
        func callbacks(_ arguments: String...) async throws -> Binary.Result {
            try await Binary.run(
                ["callbacks"] + arguments + ["fleet.yaml", "--base-url", baseURL], in: folder.path,
                environment: Binary.simulatorSecrets)
        }
        let first = "http://127.0.0.1:9001/callbacks"
        let second = "http://127.0.0.1:9002/callbacks"
        #expect(try await callbacks("list").output == "No callbacks are registered.\n")
        #expect(try await callbacks("register", "--url", first).output.hasSuffix("registered at \(first).\n"))
        #expect(try await callbacks("register", "--url", first).output.contains("already registered"))

        let listed = try await callbacks("list", "--format", "json")
        #expect(listed.output.contains("DeviceProfileService") && listed.output.contains("9001"))
        #expect(!listed.output.contains("callback-secret") && !listed.errors.contains("callback-secret"))

        let refused = try await callbacks("register", "--url", second)
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains(first) && refused.errors.contains("--replace"))
        #expect(try await callbacks("register", "--url", second, "--replace").output.contains("instead of \(first)"))

        let kept = try await callbacks("deregister", "--url", first)
        #expect(kept.exitCode == 1)
        #expect(try await callbacks("list").output.contains(second))
        #expect(try await callbacks("deregister", "--url", second).output.contains("no longer registered"))
        #expect(try await callbacks("list").output == "No callbacks are registered.\n")
        server.send(SIGTERM)
        _ = await server.result()
    }

    @Test(
        "calls take their turn in the account's line, and what was done for one account is told if the next one fails")
    func turns() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(2, rollout: "rollout: {requestsPerSecond: 1000}"))
        let (server, baseURL) = try await Binary.simulator(folder)
        let registered = try await Binary.run(
            [
                "callbacks", "register", "--account", Fleets.account.description, "--account", "1999999999-00009",
                "--url", "http://127.0.0.1:9001/callbacks", "--base-url", baseURL,
            ], in: folder.path, environment: Binary.simulatorSecrets)
        #expect(registered.exitCode == 1 && registered.errors.contains("1999999999-00009"), "\(registered.errors)")
        #expect(registered.output == "Account \(Fleets.account): registered at http://127.0.0.1:9001/callbacks.\n")
        let store = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
        let pace = try await store.write { try $0.pace(of: Fleets.account) }
        #expect(pace.takenAt > .distantPast)
        server.send(SIGTERM)
        _ = await server.result()
    }

    @Test("after refused sign-ins nothing is tried any more, unless a person says that the password is right now")
    func refusedSignIns() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(2))
        let (server, baseURL) = try await Binary.simulator(folder)
        func list(password: String, _ arguments: String...) async throws -> Binary.Result {
            let secrets = Binary.simulatorSecrets.merging(["THINGSPACE_PASSWORD": password]) { $1 }
            return try await Binary.run(
                ["callbacks", "list", "fleet.yaml", "--base-url", baseURL] + arguments, in: folder.path,
                environment: secrets)
        }
        for password in ["a", "a", "b", "b"] { #expect(try await list(password: password).exitCode == 1) }
        let right = try #require(Binary.simulatorSecrets["THINGSPACE_PASSWORD"])
        let refused = try await list(password: right)
        #expect(refused.exitCode == 1 && refused.errors.contains("--retry-sign-in"), "\(refused.errors)")
        #expect(try await list(password: right, "--retry-sign-in").output == "No callbacks are registered.\n")
        #expect(try await list(password: right).exitCode == 0)
        server.send(SIGTERM)
        _ = await server.result()
    }

    @Test("a URL on a port that the carrier does not call is refused with those that it does")
    func port() async throws {
        let folder = try TemporaryFolder()
        let result = try await Binary.run(
            ["callbacks", "register", "--account", "1", "--url", "https://fleet.example.com:8443/callbacks"],
            in: folder.path, environment: Binary.simulatorSecrets)
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("8443") && result.errors.contains("9001-9006"))
    }
}
