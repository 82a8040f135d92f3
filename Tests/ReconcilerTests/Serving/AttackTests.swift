import Foundation
import GRDB
import Testing

@testable import Reconciler

/// Strangers do their worst to the real program while the carrier goes on calling it. `make attack` runs the long form,
/// on an optimised build, and prints what it measured; the callers are `scripts/attack`.
@Suite("The program under attack", .serialized, .seated, Tool.python.isThere)
struct AttackTests {
    /// How much is done.
    fileprivate struct Scale {
        var calls = 300
        var callsByTLS = 100
        var slow = 600
        /// Each has a handshake, which a build for tests takes its time for.
        var slowByTLS = 150
        /// So many times eight long bodies.
        var large = 1
        /// Of a long body, in bytes.
        var largeSize = 10_000_000
        /// Longer than what is read when no device list is awaited.
        var largeSizeByTLS = 2_000_000
        var adminCalls = 200
        /// Good callbacks a second.
        var rate = 40
        /// How long they come without an attack, in seconds.
        var quiet = 1
        /// How long memory is squeezed, in seconds.
        var squeeze = 1
        /// How many hold a body of 1 MB then.
        var holders = 120
        /// A build of the program that is not the tests' own.
        var program: String?

        static let environment = ProcessInfo.processInfo.environment
        static let isFull = environment["ATTACK_PROGRAM"] != nil
        static let current: Scale = {
            guard isFull else { return Scale() }
            return Scale(
                calls: 100_000, callsByTLS: 10_000, slow: 1000, slowByTLS: 1000, large: 10,
                largeSizeByTLS: 10_000_000, adminCalls: 10_000, rate: 200, quiet: 15,
                squeeze: 10, holders: 400, program: environment["ATTACK_PROGRAM"])
        }()
    }

    /// A controller with a simulator in a process of its own, and those who call it.
    fileprivate struct Scene {
        let fleet: SimulatedFleet
        let controller: Binary
        let admin: String
        let scale = Scale.current
        static let deviceCount = 20
        static let token = "an-administrators-token-0123456789"

        init(tls: Bool) async throws {
            // Answers to device lists that never come: as long as one is awaited, long bodies are read.
            fleet = try await SimulatedFleet(
                [("fleet", Self.deviceCount)], rollout: "requestsPerSecond: 1000",
                simulator: ["--list-drop-rate", "1"], tls: tls)
            controller = try fleet.serve(
                ["--admin", "127.0.0.1:0", "--verify", "trust"], environment: ["PROFILECTL_ADMIN_TOKEN": Self.token],
                program: scale.program)
            let text = try #require(try await controller.printed("Look at http", to: "errors"))
            admin = String(try #require(text.firstMatch(of: #/Look at (http://\S+)/#)).1)
            try await fleet.waitUntil("callbacksAcknowledged", reach: Self.deviceCount)
            let devices = try (0..<Self.deviceCount).map {
                "{\"eid\":\"\(try Fleets.eid($0))\",\"iccid\":\"\(try Fleets.iccid($0))\",\"smsrOid\":\"\(Fleets.smsr)\"}"
            }
            try fleet.folder.write("devices.json", "[\(devices.joined(separator: ","))]")
        }

        var use: ProcessUse { ProcessUse(identifier: controller.processID) }

        /// Starts callers of one role.
        func call(_ role: String, _ arguments: [String], port: Int? = nil) throws -> Binary {
            let trust = port == nil ? fleet.authority.map { ["--ca", $0.certificate] } ?? [] : []
            return try Binary(
                ["\(Repository.path)/scripts/attack", role, "\(port ?? fleet.callbackPort)"] + arguments + trust,
                in: fleet.folder.path, program: Tool.python.path)
        }

        /// The carrier's stream of callbacks.
        func good(_ name: String, _ arguments: [String] = []) throws -> Binary {
            try call(
                "good",
                ["--rate", "\(scale.rate)", "--devices", "devices.json", "--run", name, "--names", "\(name).txt"]
                    + arguments)
        }

        func result(of caller: Binary, _ title: String) async throws -> Outcome {
            let result = await caller.result()
            try #require(result.exitCode == 0, "\(result.errors)")
            let line = String(try #require(result.output.split(separator: "\n").last))
            if Scale.isFull { print("\(title): \(line)") }
            return Outcome(text: line, value: try JSONValue(json: Array(line.utf8)))
        }

        /// Looks at the admin endpoint with its token, by a new connection each second time.
        func look(_ path: String, fresh: Bool = false) async throws -> (status: Int, body: String) {
            let fields = ["Authorization": "Bearer \(Self.token)"].merging(fresh ? ["Connection": "close"] : [:]) { $1 }
            let answer = try await Harness.call("GET", admin + path, headers: fields)
            return (answer.status, answer.body)
        }

        /// The requestIds of this stream that were accepted; none if there was none.
        func accepted(_ name: String) throws -> [String] {
            guard FileManager.default.fileExists(atPath: "\(fleet.folder.path)/\(name).txt") else { return [] }
            return try String(contentsOfFile: "\(fleet.folder.path)/\(name).txt", encoding: .utf8)
                .split(separator: "\n").map(String.init)
        }
    }

    @Test(
        "good callbacks are accepted and kept, strangers' are not, and memory stays bounded", .timeLimit(.minutes(10)),
        arguments: [false, true])
    func callbacks(tls: Bool) async throws {
        let scene = try await Scene(tls: tls)
        let scale = scene.scale
        if Scale.isFull { print("== \(tls ? "By TLS" : "Plain HTTP")") }
        let quiet = try await scene.result(
            of: try scene.good("quiet", ["--seconds", "\(scale.quiet)"]), "Good callbacks without an attack")
        #expect(quiet.counts("accepted") == quiet.counts("sent"), "\(quiet)")
        let before = (files: scene.use.openFiles, memory: scene.use.memory)

        let good = try scene.good("good")
        let calls = tls ? scale.callsByTLS : scale.calls
        let slow = tls ? scale.slowByTLS : scale.slow
        let largeSize = tls ? scale.largeSizeByTLS : scale.largeSize
        let bad = try await scene.result(
            of: try scene.call(
                "bad",
                [
                    "--calls", "\(calls)", "--slow", "\(slow)", "--large", "\(scale.large)", "--large-size",
                    "\(largeSize)",
                ]),
            "Strangers")
        let squeeze = try await scene.result(
            of: try scene.call(
                "squeeze", ["--slow", "\(scale.holders)", "--large-size", "1000000", "--seconds", "\(scale.squeeze)"]),
            "Bodies that lack a byte")
        // While the answer to a device list is awaited.
        let longSqueeze = try await scene.result(
            of: try scene.call(
                "squeeze", ["--slow", "20", "--large-size", "\(largeSize)", "--seconds", "\(scale.squeeze)"]),
            "Long bodies that lack a byte")
        good.send(SIGTERM)
        let result = try await scene.result(of: good, "Good callbacks")
        #expect(result.counts("sent") > 0 && result.counts("accepted") == result.counts("sent"), "\(result)")
        #expect(squeeze.counts("held") + longSqueeze.counts("held") > 0)
        for (status, count) in bad.value["answers"]?.members ?? [] {
            #expect(status.text?.hasPrefix("2") == false, "\(count.text ?? "") strangers got \(status.text ?? "")")
        }
        let peak = scene.use.peakMemory
        #expect(peak < 200, "MiB")
        let files = try await scene.settled { scene.use.openFiles <= before.files + 8 }
        #expect(files, "\(scene.use.openFiles) open, \(before.files) before")
        if Scale.isFull {
            print("Memory: \(before.memory) MiB before, \(peak) MiB at its peak, \(scene.use.memory) MiB after")
            print("Open files: \(before.files) before, \(scene.use.openFiles) after")
        }
        try await checkPages(scene)
        try await checkEnd(scene)
    }

    /// What came in carrier fields is shown, and is nothing but text.
    private func checkPages(_ scene: Scene) async throws {
        let hostile = try Fleets.eid(Scene.deviceCount - 1)
        for path in ["", "devices", "devices/\(hostile)", "api/v1/devices/\(hostile)"] {
            let page = try await scene.look(path)
            #expect(page.status == 200)
            if path.hasSuffix(hostile.description) { #expect(page.body.contains("alert(1)")) }
            guard !path.hasPrefix("api") else { continue }
            for bad in ["<script>", "<img", "'&amp;{{{"] { #expect(!page.body.contains(bad), "\(bad) in /\(path)") }
        }
        #expect(try await scene.look("readyz").status == 200)
    }

    /// The program ends in order, and has kept what it acknowledged and nothing else.
    private func checkEnd(_ scene: Scene) async throws {
        scene.controller.send(SIGTERM)
        let ended = await scene.controller.result()
        #expect(ended.exitCode == 0, "\(ended.errors.suffix(2000))")
        // Not a line for each call.
        #expect(ended.errors.split(separator: "\n").count < 200, "\(ended.errors.prefix(2000))")
        let counters = try await scene.fleet.read { try $0.counters() }
        if Scale.isFull { print("Refused: \(counters.sorted { $0.key < $1.key })\n") }
        let texts = try await DatabaseQueue(path: scene.fleet.storePath).read { db in
            try String.fetchAll(db, sql: "SELECT text FROM callback")
        }
        let names = try texts.map { try #require(try JSONValue(json: Array($0.utf8))["requestId"]?.text) }
        // Behind the HTML of hostile ones stands the name.
        let kept = Set(names.compactMap { $0.split(separator: " ").last.map(String.init) })
        let accepted = try Set(["quiet", "good"].flatMap { try scene.accepted($0) })
        #expect(accepted.isSubset(of: kept), "\(accepted.subtracting(kept).count) are lost")
        let others = kept.subtracting(accepted)
        #expect(others.allSatisfy { UUID(uuidString: $0) != nil }, "only the simulator's: \(others)")
        for name in ["", "-wal"] {
            let file = FileManager.default.contents(atPath: scene.fleet.storePath + name) ?? Data()
            #expect(file.range(of: Data("stranger-7f3a91".utf8)) == nil, "a stranger's words are in the store\(name)")
        }
        await scene.fleet.end()
    }

    @Test("the admin endpoint stays usable for who has the token", .timeLimit(.minutes(10)))
    func admin() async throws {
        let scene = try await Scene(tls: false)
        let before = scene.use.openFiles
        let port = try #require(URLComponents(string: scene.admin)?.port)
        let attack = try scene.call(
            "admin", ["--calls", "\(scene.scale.adminCalls)", "--slow", "300", "--at-least", "3"], port: port)
        let clock = ContinuousClock()
        let looks = try await withThrowingTaskGroup(of: [Duration].self) { group in
            group.addTask {
                var times: [Duration] = []
                for number in 0... {
                    let paths = ["", "metrics", "api/v1/status", "devices", "readyz", "api/v1/devices"]
                    let path = paths[number % paths.count]
                    let start = clock.now
                    do {
                        let answer = try await scene.look(path, fresh: number % 2 == 0)
                        times.append(clock.now - start)
                        #expect(answer.status == 200, "/\(path): \(answer.body.prefix(200))")
                        try await Task.sleep(for: .milliseconds(50))
                    } catch {
                        guard Task.isCancelled else { throw error }
                        break
                    }
                }
                return times
            }
            group.addTask {
                let bad = try await scene.result(of: attack, "Strangers at the admin endpoint")
                for (status, count) in bad.value["answers"]?.members ?? [] where status.text == "200" {
                    // The sign-in page, and what says that the program is alive, are for everybody.
                    #expect(count.text.flatMap { Int($0) } ?? 0 < scene.scale.adminCalls / 5)
                }
                return []
            }
            _ = try await group.next()
            group.cancelAll()
            return try await group.next() ?? []
        }
        #expect(looks.count > 5)
        if Scale.isFull {
            let sorted = looks.sorted()
            print(
                "A person's looks: \(looks.count), p99 \(sorted[looks.count * 99 / 100]), max \(sorted[looks.count - 1])"
            )
        }
        #expect(
            try await scene.settled { scene.use.openFiles <= before + 16 }, "\(scene.use.openFiles), \(before) before")
        #expect(scene.use.peakMemory < 200)
        #expect(try await scene.fleet.read { try $0.pauses() }.isEmpty)
        try await checkEnd(scene)
    }
}

extension AttackTests.Scene {
    /// Waits until something is so; `false` if that takes more than 90 seconds: what strangers left half open is closed by then.
    fileprivate func settled(_ isSo: @escaping @Sendable () -> Bool) async throws -> Bool {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(50))
        return try await waiter.wait(until: SystemClock().now() + .seconds(90)) { isSo() ? true : nil } ?? false
    }
}

/// What callers told when they had ended.
private struct Outcome: CustomStringConvertible {
    let text: String
    let value: JSONValue

    var description: String { text }

    /// A member that is a number.
    func counts(_ name: StaticString) -> Int { value[name]?.text.flatMap { Int($0) } ?? 0 }
}
