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

    @Test("a carrier that asks to wait is waited for only as long as --timeout and signals allow")
    func waiting() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(2))
        try FileManager.default.createDirectory(
            atPath: folder.path + "/.profilectl", withIntermediateDirectories: true)
        let store = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
        try await store.write { transaction in
            let now = SystemClock().now()
            try transaction.save(
                AccountPace(
                    account: Fleets.account, takenAt: now, nextAt: 0, busyUntil: now + .seconds(1800), refusals: 1))
        }
        func start(_ arguments: String...) throws -> Binary {
            try Binary(
                arguments + ["fleet.yaml", "--base-url", "http://127.0.0.1:1/api"], in: folder.path,
                environment: Binary.simulatorSecrets.merging(["PROFILECTL_CALLBACKS_LISTEN": "127.0.0.1:0"]) { $1 })
        }
        for arguments in [["callbacks", "list"], ["refresh"], ["apply", "--auto-approve"]] {
            let binary = try Binary(
                arguments + ["fleet.yaml", "--base-url", "http://127.0.0.1:1/api", "--timeout", "2s"], in: folder.path,
                environment: Binary.simulatorSecrets.merging(["PROFILECTL_CALLBACKS_LISTEN": "127.0.0.1:0"]) { $1 })
            let result = await binary.result()
            #expect(result.exitCode == 4, "\(arguments): \(result.errors)")
            #expect(result.errors.contains("asks not to be called before"), "\(result.errors)")
        }
        let stopped = try start("callbacks", "list", "--timeout", "1h")
        _ = try await stopped.printed("it is waited for", to: "errors")
        stopped.send(SIGTERM)
        #expect(await stopped.result().exitCode == 130)
    }

    @Test("without callback credentials nothing is registered at a carrier that is elsewhere, and nobody signed in")
    func withoutCredentials() async throws {
        let folder = try TemporaryFolder()
        var environment = Binary.simulatorSecrets
        environment["PROFILECTL_CALLBACK_PASSWORD"] = nil
        for arguments in [
            ["callbacks", "register", "--account", "1", "--url", "https://fleet.example.com/callbacks"],
            ["refresh", "--account", "1", "--timeout", "2s"],
        ] {
            let result = try await Binary.run(
                arguments + ["--base-url", "https://carrier.invalid/api"], in: folder.path,
                environment: environment.merging(
                    [
                        "PROFILECTL_CALLBACKS_LISTEN": "127.0.0.1:0",
                        "PROFILECTL_CALLBACKS_URL": "https://fleet.example.com/callbacks",
                    ]) { $1 })
            #expect(result.exitCode == 1)
            #expect(result.errors.contains("PROFILECTL_CALLBACK_PASSWORD"), "\(result.errors)")
        }
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
