import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Reconciler

@Suite("The serve command", .seated)
struct ServeCommandTests {
    /// A simulator in a process of its own, and what starts controllers upon it.
    private struct Scene {
        let fleet: SimulatedFleet

        func serve(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> Binary {
            try fleet.serve(
                ["--manifest-interval", "100ms", "--admin", "127.0.0.1:0"] + arguments, environment: environment)
        }

        func admin(_ binary: Binary) async throws -> String {
            let text = try #require(try await binary.printed("Look at http", to: "errors"))
            let match = try #require(text.firstMatch(of: #/Look at (http://\S+)/#))
            return String(match.1)
        }
    }

    private func scene(_ devices: Int, rollout: String = "requestsPerSecond: 1000", simulator: [String] = [])
        async throws
        -> Scene
    {
        Scene(fleet: try await SimulatedFleet([("fleet", devices)], rollout: rollout, simulator: simulator))
    }

    @Test("converges, is looked at, and ends in order at SIGTERM", .timeLimit(.minutes(5)))
    func life() async throws {
        let scene = try await scene(40)
        let controller = try scene.serve()
        let admin = try await scene.admin(controller)
        try await scene.fleet.waitUntil("acceptedDevices", "download_enable", reach: 40)
        let metrics = try await scene.fleet.poll(admin + "metrics") {
            $0.contains("profilectl_set_devices{set=\"fleet\",standing=\"converged\"} 40\n")
        }
        #expect(metrics != nil)
        #expect(try await Harness.call("GET", admin + "readyz").status == 200)
        controller.send(SIGTERM)
        let result = await controller.result()
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(try await scene.fleet.count("repeatedDownloads") == 0)
        let (leases, running) = try await scene.fleet.read { reader in
            (try reader.leases().count, try reader.latestRuns(limit: 10).filter { $0.endedAt == nil }.count)
        }
        #expect(leases == 0 && running == 0)
        await scene.fleet.end()
    }

    @Test("killed again and again, it goes on each time from where it was", .timeLimit(.minutes(5)))
    func kills() async throws {
        let scene = try await scene(
            60, rollout: "requestsPerSecond: 1000, batchSize: 5, maxInFlight: 10",
            simulator: ["--callback-delay", "60ms", "--redelivery-interval", "300ms"])
        for goal in [5, 20, 40] {
            let controller = try scene.serve()
            try await scene.fleet.waitUntil("acceptedDevices", "download_enable", reach: goal)
            controller.send(SIGKILL)
            _ = await controller.result()
        }
        let controller = try scene.serve()
        let admin = try await scene.admin(controller)
        let metrics = try await scene.fleet.poll(admin + "metrics") {
            $0.contains("profilectl_set_devices{set=\"fleet\",standing=\"converged\"} 60\n")
        }
        #expect(metrics != nil)
        controller.send(SIGTERM)
        #expect(await controller.result().exitCode == 0)
        #expect(try await scene.fleet.count("repeatedDownloads") == 0)
        #expect(try await scene.fleet.count("acceptedDevices", "download_enable") == 60)
        await scene.fleet.end()
    }

    @Test("a person's apply beside it shares its listener, and takes its turn", .timeLimit(.minutes(5)))
    func beside() async throws {
        let scene = try await scene(20)
        let controller = try scene.serve()
        let admin = try await scene.admin(controller)
        let converged = try await scene.fleet.poll(admin + "metrics") {
            $0.contains("standing=\"converged\"} 20\n")
        }
        #expect(converged != nil)
        let result = await (try scene.fleet.apply("fleet")).result()
        #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
        controller.send(SIGTERM)
        #expect(await controller.result().exitCode == 0)
        await scene.fleet.end()
    }

    @Test(
        "follows a branch of a git repository, and the commit stands beside what it has caused", .timeLimit(.minutes(5))
    )
    func git() async throws {
        let scene = try await scene(3)
        let folder = scene.fleet.folder
        try GitFolder.initialize(folder)
        let controller = try scene.fleet.serve(
            ["--manifest-interval", "200ms", "--admin", "127.0.0.1:0", "--git", folder.path, "--branch", "main"])
        let admin = try await scene.admin(controller)
        let converged = try await scene.fleet.poll(admin + "metrics") { $0.contains("standing=\"converged\"} 3\n") }
        #expect(converged != nil)
        let commit = try await Binary.run(["rev-parse", "main"], in: folder.path, program: "/usr/bin/git").output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let device = try await Harness.call("GET", admin + "api/v1/devices/\(try Fleets.eid(0))").body
        #expect(device.contains(commit), "\(device)")
        controller.send(SIGTERM)
        #expect(await controller.result().exitCode == 0)
        await scene.fleet.end()
    }

    @Test("says at once what is wrong with its options and settings")
    func refusals() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(1))
        func run(_ arguments: [String]) async throws -> Binary.Result {
            try await Binary.run(["serve"] + arguments, in: folder.path, environment: Binary.simulatorSecrets)
        }
        #expect(try await run([]).exitCode == 64)
        let retry = try await run(["fleet.yaml", "--retry-sign-in"])
        #expect(retry.exitCode == 64 && retry.errors.contains("locks the contact"))
        #expect(try await run(["-"]).exitCode == 64)
        let open = try await run(["fleet.yaml", "--callbacks-listen", "127.0.0.1:0", "--admin", "0.0.0.0:9180"])
        #expect(open.exitCode == 1 && open.errors.contains("PROFILECTL_ADMIN_TOKEN"))
        let wrong = try await run(["fleet.yaml", "--admin", "nowhere"])
        #expect(wrong.exitCode == 1 && wrong.errors.contains("HOST:PORT"))
        let plain = try await run(["fleet.yaml", "--callbacks-url", "https://fleet.example.com:9001/callbacks"])
        #expect(plain.exitCode == 1 && plain.errors.contains("callbacks.tls"))
    }

    @Test("shows itself on a simulator of its own, and leaves nothing behind", .timeLimit(.minutes(5)))
    func simulated() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(10, rollout: Fleets.quick))
        let controller = try Binary(
            [
                "serve", "fleet.yaml", "--simulate", "--admin", "127.0.0.1:0", "--log-level", "info", "--log-format",
                "json",
            ],
            in: folder.path)
        let text = try #require(try await controller.printed("Device: succeeded", to: "errors"))
        let lines = text.split(separator: "\n").dropLast()
        let events = try lines.map { try JSONValue(json: Array($0.utf8)) }.filter { $0["eid"] != nil }
        let read = try lines.map { try JSONValue(json: Array($0.utf8)) }.filter { $0["sets"]?.text == "1" }
        #expect(read.count == 1 && read[0]["commit"] == nil, "there is none")
        #expect(!events.isEmpty && events.allSatisfy { $0["iccid"] != nil && $0["request"] != nil })
        controller.send(SIGINT)
        let result = await controller.result()
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/.profilectl"))
    }

    @Test(
        "crashing again and again it tells people once of what lasts, and again when it came back",
        .timeLimit(.minutes(5)))
    func tellsOnce() async throws {
        let scene = try await scene(1)
        let folder = scene.fleet.folder
        let good = try Fleets.yaml(1)
        let webhook = Webhook()
        try await webhook.receiving { url in
            func serve() throws -> Binary { try scene.serve(environment: ["PROFILECTL_NOTIFY_URL": url]) }
            func isBroken(_ wanted: Int, _ admin: String) async throws {
                #expect(
                    try await scene.fleet.poll(admin + "metrics") { $0.contains("_manifests_ok \(wanted)\n") } != nil)
            }
            try folder.write("fleet.yaml", "apiVersion: profilectl/v1\nkind: Profileset\n")
            for _ in 0..<3 {
                let controller = try serve()
                #expect(try await controller.printed("The manifests cannot be used", to: "errors") != nil)
                #expect(try await webhook.awaits(1))
                // One that is killed before it has noted that tells it again.
                #expect(try await scene.fleet.isKept { try $0.toldNotices().count == 1 })
                controller.send(SIGKILL)
                _ = await controller.result()
            }
            let controller = try serve()
            let admin = try await scene.admin(controller)
            try folder.write("fleet.yaml", good)
            try await isBroken(1, admin)
            // Forgotten once it is known to be over.
            #expect(try await scene.fleet.isKept { try $0.toldNotices().isEmpty })
            #expect(webhook.messages.count == 1)
            try folder.write("fleet.yaml", "apiVersion: profilectl/v1\nkind: Profileset\n")
            #expect(try await webhook.awaits(2))
            try folder.write("fleet.yaml", "apiVersion: profilectl/v1\nkind: Other\n")
            #expect(try await webhook.awaits(3), "another error is told at once")
            controller.send(SIGTERM)
            #expect(await controller.result().exitCode == 0)
        }
        let kinds = webhook.messages.map { $0["kind"]?.text }
        #expect(kinds == ["manifests", "manifests", "manifests"], "\(webhook.messages)")
        await scene.fleet.end()
    }

    @Test("SIGTERM ends it in time and in order while the carrier does not answer", .timeLimit(.minutes(5)))
    func silentCarrier() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(1))
        let carrier = try SilentServer()
        let controller = try Binary(
            [
                "serve", "fleet.yaml", "--base-url", "http://127.0.0.1:\(carrier.port)/api", "--callbacks-listen",
                "127.0.0.1:0", "--callbacks-url", "http://127.0.0.1:1/callbacks", "--register", "check", "--admin",
                "off",
                "--state", "sqlite:\(folder.path)/state.db", "--drain-timeout", "10s",
            ], in: folder.path, environment: Binary.simulatorSecrets)
        try await carrier.awaitCaller()
        controller.send(SIGTERM)
        let result = await controller.result()
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(!result.errors.contains("cut off"))
        let leases = try await SQLiteStore(path: folder.path + "/state.db").read { try $0.leases() }
        #expect(leases.isEmpty)
    }

    @Test(
        "SIGTERM ends it in time and in order while a call for devices is not answered, and the next start settles it",
        .timeLimit(.minutes(5)))
    func slowCarrier() async throws {
        let slow = ["--fault", "slow", "--fault-rate", "1", "--faults-per-device", "1", "--slow-answer", "2m"]
        let scene = try await scene(3, simulator: slow + SimulatedFleet.silence)
        let options = ["--no-v1", "--no-v2", "--verify", "trust", "--drain-timeout", "8s"]
        let controller = try scene.serve(options)
        try await scene.fleet.waitUntil("acceptedDevices", "download_enable", reach: 3)
        controller.send(SIGTERM)
        let result = await controller.result()
        #expect(result.exitCode == 0, "\(result.errors)")
        let keys = try (0..<3).map { try Fleets.key($0) }
        let (leases, runs, records) = try await scene.fleet.read { reader in
            (try reader.leases(), try reader.latestRuns(limit: 9), try reader.devices(keys))
        }
        #expect(leases.isEmpty && runs.allSatisfy { $0.endedAt != nil }, "\(leases) \(runs)")
        for record in records.values {
            guard case .unresolved = record.operation?.phase else {
                #expect(Bool(false), "\(String(describing: record.operation))")
                continue
            }
        }
        #expect(try await scene.fleet.count("repeatedDownloads") == 0)
        await scene.fleet.end()
    }

    @Test("a client that holds a call half sent does not hold up the end", .timeLimit(.minutes(5)))
    func heldCall() async throws {
        let scene = try await scene(1)
        let controller = try scene.serve(["--drain-timeout", "8s"])
        let admin = try #require(URLComponents(string: try await scene.admin(controller))?.port)
        let ports = [scene.fleet.callbackPort, admin]
        var channels: [any Channel] = []
        for port in ports {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            try await channel.writeAndFlush(
                ByteBuffer(string: "POST /callbacks HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\n{"))
            channels.append(channel)
        }
        controller.send(SIGTERM)
        let result = await controller.result()
        #expect(result.exitCode == 0, "\(result.errors)")
        for channel in channels { try await channel.closeFuture.get() }
        await scene.fleet.end()
    }

    @Test(
        "options that mean nothing are refused with what to do",
        arguments: [
            (["--branch", "other"], "--git"), (["--manifest-interval", "0s"], "--manifest-interval"),
            (["--drain-timeout", "0s"], "--drain-timeout"), (["--refresh-every", "0s"], "--refresh-every"),
        ])
    func usage(_ options: [String], _ words: String) async throws {
        let folder = try TemporaryFolder()
        let result = try await Binary.run(["serve", "fleet", "--simulate"] + options, in: folder.path)
        #expect(result.exitCode == 64 && result.errors.contains(words), "\(result.errors)")
    }
}
