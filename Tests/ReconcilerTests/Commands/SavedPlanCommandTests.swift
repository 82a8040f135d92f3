import Foundation
import Testing

@testable import Reconciler

@Suite("Saved plans and revisions, through the binary", .seated, .serialized)
struct SavedPlanCommandTests {
    private let rollout = "rollout: {requestsPerSecond: 1000, maxChange: 100%}"

    @Test("show prints what plan printed, as text and as JSON, without store and manifests")
    func show() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(40, rollout: rollout, imeis: true))
        for format in ["text", "json"] {
            for all in [[], ["--all"]] {
                let plan = try await Binary.run(
                    ["plan", "fleet.yaml", "--out", "change.plan", "--format", format] + all, in: folder.path)
                let elsewhere = try TemporaryFolder()
                let show = try await Binary.run(
                    ["show", folder.path + "/change.plan", "--format", format] + all, in: elsewhere.path)
                #expect(plan.exitCode == 0 && show.exitCode == 0, "\(show.errors)")
                let shown = format == "json" ? show.output : show.output.drop { $0 != "\n" }.dropFirst().description
                #expect(shown == plan.output)
                #expect(format == "json" || show.output.hasPrefix("Saved plan "))
            }
        }
    }

    @Test("a saved plan of a part of the fleet says so, in show in every format and in apply")
    func part() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(4, rollout: rollout))
        let iccid = try Fleets.iccid(2).description
        let plan = try await Binary.run(
            ["plan", "fleet.yaml", "--target", iccid, "--out", "part.plan"], in: folder.path)
        #expect(plan.exitCode == 0, "\(plan.errors)")
        let sentence = "1 of 4 devices selected by --target \(iccid); the others are left as they are."
        for (format, words) in [
            ("text", "Partial plan. " + sentence), ("json", #""targets":["\#(iccid)"]"#), ("markdown", sentence),
            ("html", sentence),
        ] {
            let shown = try await Binary.run(["show", "part.plan", "--format", format], in: folder.path)
            #expect(shown.exitCode == 0 && shown.output.contains(words), "\(format): \(shown.output)\(shown.errors)")
        }
        let applied = try await Binary.run(
            ["apply", "part.plan", "--simulate", "--auto-approve", "--callback-delay", "50ms", "--state", "s.db"],
            in: folder.path)
        #expect(applied.exitCode == 0, "\(applied.errors)")
        #expect(applied.output.contains("Partial plan. " + sentence), "\(applied.output)")
        #expect(applied.output.contains("Converged. 1/1 as desired"), "\(applied.output)")
        #expect(applied.output.contains("Of the fleet's 4 devices only those"), "\(applied.output)")
        let again = try await Binary.run(["apply", "part.plan", "--state", "s.db"], in: folder.path)
        #expect(again.output.contains("Nothing is left to do. 1 of 1 action of this plan is done."), "\(again.output)")
    }

    @Test("plans and manifests are not mixed, and what is no plan any more is refused")
    func refusals() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(2))
        // A plan is known by its content.
        #expect(try await Binary.run(["plan", "fleet.yaml", "--out", "plan.yaml"], in: folder.path).exitCode == 0)
        for (arguments, words) in [
            (["apply", "plan.yaml", "fleet.yaml"], "applied alone"),
            (["apply", "plan.yaml", "plan.yaml"], "applied alone"),
            (["apply", "plan.yaml", "--strict"], "--strict is for manifests"),
            (["plan", "plan.yaml"], "is a saved plan, not a manifest"), (["validate", "plan.yaml"], "is a saved plan"),
        ] {
            let result = try await Binary.run(arguments, in: folder.path)
            #expect(result.exitCode == 64, "\(arguments): \(result.errors)")
            #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
        }
        let text = try String(contentsOfFile: folder.path + "/plan.yaml", encoding: .utf8)
        try folder.write("edited.plan", text.replacing("downloadEnable", with: "downloadDisable"))
        try folder.write("cut.plan", String(text.dropLast(200)))
        try folder.write("newer.plan", text.replacing(#""formatVersion":2"#, with: #""formatVersion":3"#))
        try folder.write("other.plan", "{}\n")
        for (name, words) in [
            ("edited.plan", "edited or cut short"), ("cut.plan", "edited or cut short"), ("newer.plan", "in form 3"),
        ] {
            for command in [["show", name], ["apply", name, "--simulate", "--auto-approve"]] {
                let result = try await Binary.run(command, in: folder.path)
                #expect(result.exitCode == 1, "\(command)")
                #expect(result.errors.contains(words), "\(command): \(result.errors)")
            }
        }
        for name in ["other.plan", "missing.plan", "."] {
            let result = try await Binary.run(["show", name], in: folder.path)
            #expect(result.exitCode == 1 && result.errors.contains("error: "), "\(name)")
        }
    }

    @Test("a plan is tried on the simulator in a throw-away store that begins with what the plan knew")
    func rehearsal() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(5, state: "downloaded-disabled", rollout: rollout))
        let first = try await Binary.run(
            ["apply", "fleet.yaml", "--simulate", "--auto-approve", "--state", "s.db", "--callback-delay", "50ms"],
            in: folder.path)
        #expect(first.exitCode == 0, "\(first.errors)")
        try folder.write("fleet.yaml", try Fleets.yaml(7, rollout: rollout))
        let plan = try await Binary.run(
            ["plan", "fleet.yaml", "--out", "change.plan", "--state", "s.db"], in: folder.path)
        #expect(plan.output.contains("Plan: 2 downloadEnable, 5 enable"))
        let tried = try await Binary.run(
            ["apply", "change.plan", "--simulate", "--auto-approve", "--callback-delay", "50ms"], in: folder.path)
        #expect(tried.exitCode == 0, "\(tried.output)\(tried.errors)")
        #expect(tried.output.contains("Converged. 7/7 as desired"))
        let again = try await Binary.run(["plan", "fleet.yaml", "--state", "s.db"], in: folder.path)
        #expect(again.output.contains("Plan: 2 downloadEnable, 5 enable"), "the real store was not touched")
    }

    /// A simulator that lives on, and the arguments for runs against it.
    private func scene(
        _ folder: TemporaryFolder, _ simulator: [String] = []
    ) async throws -> (server: Binary, root: String, arguments: [String]) {
        let (server, baseURL) = try await Binary.simulator(folder, ["--callback-delay", "50ms"] + simulator)
        let listen = "127.0.0.1:\(Int.random(in: 20_000..<30_000))"
        return (
            server, baseURL.replacing("/api", with: ""),
            [
                "--auto-approve", "--base-url", baseURL, "--callbacks-listen", listen, "--callbacks-url",
                "http://\(listen)/callbacks", "--register", "auto", "--callback-deadline", "2s", "--retry-delay",
                "100ms",
            ]
        )
    }

    @Test("a plan applied after three devices were moved by hand changes the others, names the three, and ends with 5")
    func stale() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(10, state: "downloaded-disabled", rollout: rollout))
        let (server, root, arguments) = try await scene(folder)
        func run(_ command: [String]) async throws -> Binary.Result {
            try await Binary.run(
                command, in: folder.path,
                environment: Binary.simulatorSecrets.merging(["PROFILECTL_CONVERGENCE_MAX_CHANGE": "100%"]) { $1 })
        }
        #expect(try await run(["apply", "fleet.yaml"] + arguments).exitCode == 0)
        try folder.write("fleet.yaml", try Fleets.yaml(10, rollout: rollout))
        #expect(try await run(["plan", "fleet.yaml", "--out", "change.plan"]).exitCode == 0)
        let moved = try [1, 4, 7].map { try Fleets.key($0) }
        for (key, status) in zip(moved, ["DOWNLOAD_ENABLE", "NOT_DOWNLOADED", "DELETE"]) {
            #expect(try await run(["resolve", key.eid.description, "--as", status, "--force"]).exitCode == 0)
        }
        // The manifests are not needed any more.
        try FileManager.default.removeItem(atPath: folder.path + "/fleet.yaml")
        let applied = try await run(["apply", "change.plan"] + arguments)
        #expect(applied.exitCode == 5, "\(applied.output)\(applied.errors)")
        for (key, state) in zip(moved, ["downloadedEnabled", "notDownloaded", "deleted"]) {
            let expected =
                "moved    \(key)  enable is not carried out. It was downloadedDisabled in the plan, and is \(state), learnt at"
            #expect(applied.output.contains(expected), "\(applied.output)")
        }
        #expect(applied.output.contains("Done as far as possible. 7/10 as desired, 3 moved"))
        let devices = try await Harness.call("GET", root + "/simulator/devices").body
        #expect(devices.components(separatedBy: "\"ENABLE\"").count - 1 == 7)
        let again = try await run(["apply", "change.plan"] + arguments)
        #expect(again.exitCode == 5)
        #expect(again.output.contains("Nothing is left to do. 7 of 10 actions of this plan are done."))
        server.send(SIGTERM)
        _ = await server.result()
    }

    @Test("a plan whose run was killed goes on when it is applied again, and then says that nothing is left to do")
    func killed() async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "fleet.yaml",
            try Fleets.yaml(30, rollout: "rollout: {batchSize: 5, requestsPerSecond: 1000, waves: [40%, 70%]}"))
        let (server, root, arguments) = try await scene(
            folder, ["--warning-rate", "0.2", "--failure-rate", "0.2", "--redelivery-interval", "20ms"])
        #expect(try await Binary.run(["plan", "fleet.yaml", "--out", "change.plan"], in: folder.path).exitCode == 0)
        // The one that a callback ends comes first: to a later one the callbacks of an earlier one may come before it has
        // begun and is written down.
        for step in ["callback-kept:3", "intent-kept:2", "call-answered:1"] {
            let environment = Binary.simulatorSecrets.merging(["PROFILECTL_KILL_AT": step]) { $1 }
            let killed = try await Binary.run(
                ["apply", "change.plan"] + arguments, in: folder.path, environment: environment)
            #expect(killed.exitCode == -SIGKILL, "\(step): \(killed.output)\(killed.errors)")
        }
        let last = try await Binary.run(
            ["apply", "change.plan"] + arguments, in: folder.path, environment: Binary.simulatorSecrets)
        #expect(last.exitCode == 0, "\(last.output)\(last.errors)")
        #expect(!last.output.contains("moved"))
        let counts = try JSONValue(json: Array(try await Harness.call("GET", root + "/simulator/counts").body.utf8))
        #expect(counts["repeatedDownloads"]?.text == "0")
        let done = try await Binary.run(
            ["apply", "change.plan"] + arguments, in: folder.path, environment: Binary.simulatorSecrets)
        #expect(done.exitCode == 0)
        #expect(done.output.contains("Nothing is left to do. 30 of 30 actions of this plan are done."))
        // Each of the runs stands in the timeline of what it has done.
        let status = try await Binary.run(["status"], in: folder.path)
        #expect(status.output.components(separatedBy: "apply (").count > 4, "\(status.output)")
        #expect(status.output.contains("no end was written down"), "\(status.output)")
        server.send(SIGTERM)
        _ = await server.result()
    }

    @Test("status shows who, what and why, with messages that are cut unless all of them is asked for")
    func timeline() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(2))
        let applied = try await Binary.run(
            ["apply", "fleet.yaml", "--simulate", "--auto-approve", "--state", "s.db", "--callback-delay", "50ms"],
            in: folder.path)
        #expect(applied.exitCode == 0)
        let eid = try Fleets.eid(1).description
        let short = try await Binary.run(["status", eid, "--state", "s.db"], in: folder.path).output
        let long = try await Binary.run(["status", eid, "--state", "s.db", "--raw"], in: folder.path).output
        for text in [
            "run 1            `profilectl apply` by", "(v2 device list of 2 devices of account",
            "downloadEnable, attempt 1: notDownloaded -> downloaded-enabled",
            "(downloadEnable for 2 devices of account",
        ] { #expect(short.contains(text) && long.contains(text), "\(text)\n\(short)") }
        #expect(
            short.contains("--raw shows the messages at full length") && !short.contains("euiccSubAddressUpdateStatus"))
        #expect(long.contains("euiccSubAddressUpdateStatus") && !long.contains("password"))
        let json = try await Binary.run(["status", eid, "--state", "s.db", "--format", "json"], in: folder.path).output
        let device = try #require(try JSONDecoder().decode([DeviceStatus].self, from: Data(json.utf8)).first)
        #expect(device.runs.count == 1 && device.requests.count == 2 && device.callbacks.count == 1)
    }

    @Test("plan --against tells what a change of the files means, as text and JSON")
    func against() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet/cars.yaml", try Fleets.yaml(3, rollout: "rollout: {maxChange: 10%}"))
        try GitFolder.initialize(folder)
        let none = try await Binary.run(
            ["plan", "fleet", "--against", "HEAD", "--detailed-exitcode"], in: folder.path)
        #expect(none.exitCode == 0 && none.output.contains("No difference. 3 devices declared alike."))
        let device = "iccid: \"\(try Fleets.iccid(2))\""
        let changed = try Fleets.yaml(4, rollout: "rollout: {maxChange: 20%}").replacing(
            device, with: device + ", state: downloaded-disabled"
        ).replacing(try Fleets.eid(0).description, with: "1234")
        try folder.write("fleet/cars.yaml", changed)
        let text = try await Binary.run(
            ["plan", "fleet", "--against", "main", "--detailed-exitcode"], in: folder.path)
        #expect(text.exitCode == 2, "\(text.errors)")
        for line in [
            "Profile set fleet is rolled out otherwise: maxChange 10 -> 20.",
            "+ \(try Fleets.key(3))  state downloaded-enabled, accountName \(Fleets.account)",
            "- \(try Fleets.key(0))  unmanaged from now on",
            "~ \(try Fleets.key(2))  state downloaded-enabled -> downloaded-disabled",
            "Difference: 2 devices added, 1 device removed, 1 device changed, 1 device unchanged, 1 profile set changed.",
        ] { #expect(text.output.contains(line), "\(line)\n\(text.output)") }
        let json = try await Binary.run(
            ["plan", "cars.yaml", "--against", "main", "--format", "json"], in: folder.path + "/fleet")
        let document = try JSONValue(json: Array(json.output.utf8))
        #expect(document["summary"]?["added"]?.text == "2" && document["changed"]?.elements.count == 1)
        #expect(document["before"]?["revision"]?.text == "main" && document["after"]?["workTree"]?.bool == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/.profilectl"))

        try folder.write("fleet/cars.yaml", "kind: nonsense\n")
        try GitFolder.commit(folder, tag: "broken")
        try folder.write("fleet/cars.yaml", changed)
        let broken = try await Binary.run(["plan", "fleet", "--against", "broken"], in: folder.path)
        #expect(broken.exitCode == 1)
        #expect(broken.errors.contains("In revision broken (") && broken.errors.contains("fleet/cars.yaml:1:"))
        for arguments in [["--against", "main", "--out", "x"], ["--against", "main", "--retry-failed"]] {
            #expect(try await Binary.run(["plan", "fleet"] + arguments, in: folder.path).exitCode == 64)
        }
        let option = try await Binary.run(["plan", "fleet", "--against=--all"], in: folder.path)
        #expect(option.exitCode == 1 && option.errors.contains("no name of a revision"))
    }
}
