import Foundation
import Testing

@testable import Reconciler

@Suite("Saved and printed plans")
struct PlanFileTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func plan(_ count: Int) async throws -> Plan {
        let labelled = try Fleets.yaml(count, imeis: true).replacing("imei:", with: "labels: {site: \"a b\"}, imei:")
        let known = try (0..<count).filter { $0 % 3 > 0 }.map { number in
            DeviceRecord(
                key: try Fleets.key(number), account: Fleets.account,
                observation: ProfileObservation(
                    state: number % 3 == 1 ? .downloadedDisabled : .unknown, profileStatus: "x", at: now,
                    source: .callback),
                reached: number % 2 == 0 ? .downloadedEnabled : nil, version: Int64(number))
        }
        return Planner(now: now).plan(desired: try await Fleets.fleet(labelled), known: KnownFleet(known))
    }

    @Test("a plan file is read back as it was written")
    func roundTrip() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.plan"
        let plan = try await plan(3000)
        try PlanFile.write(plan, to: path, toolVersion: "1.2.3")
        let saved = try PlanFile.read(path)
        #expect(Array(saved.actions) == Array(plan.actions))
        #expect(plan.actions.count == 2000)
        #expect(saved.exceptionCounts == plan.exceptionCounts)
        #expect(saved.fleetDigest == plan.actions.fleet.digest)
        #expect(saved.toolVersion == "1.2.3")
        #expect(saved.createdAt == now.description)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.plan"])
    }

    @Test("a plan file that was edited, cut, lengthened or made by a newer version is refused")
    func refused() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.plan"
        try PlanFile.write(try await plan(4), to: path, toolVersion: "1.2.3")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var damaged = [
            text.replacing("enable", with: "disable"), text + "\n", text + "x", text + "{}\n", "", "{}\n", "hello\n",
        ]
        var random = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            let cut = text.utf8.index(
                text.startIndex, offsetBy: Int.random(in: 0..<(text.utf8.count - 1), using: &random))
            damaged.append(String(text[..<cut]))
        }
        for text in damaged {
            try folder.write("b.plan", text)
            #expect(throws: PlanFileError.self, "\(text)") { try PlanFile.read(folder.path + "/b.plan") }
        }
        try folder.write("b.plan", text.replacing(#""formatVersion":1"#, with: #""formatVersion":2"#))
        let newer = #expect(throws: PlanFileError.self) { try PlanFile.read(folder.path + "/b.plan") }
        #expect(newer?.description.contains("profilectl 1.2.3") == true)
        #expect(throws: PlanFileError.self) { try PlanFile.read(folder.path + "/missing.plan") }
        #expect(throws: PlanFileError.self) { try PlanFile.read(folder.path) }
    }

    @Test("a plan that cannot be written leaves what was there before")
    func unwritable() async throws {
        let folder = try TemporaryFolder()
        let plan = try await plan(4)
        #expect(throws: PlanFileError.self) {
            try PlanFile.write(plan, to: folder.path + "/none/a.plan", toolVersion: "1")
        }
        try FileManager.default.createDirectory(atPath: folder.path + "/b", withIntermediateDirectories: false)
        #expect(throws: PlanFileError.self) { try PlanFile.write(plan, to: folder.path + "/b", toolVersion: "1") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["b"])
    }

    @Test("the printed JSON of a plan holds every device, in pieces, and is JSON")
    func json() async throws {
        let plan = try await plan(3000)
        var text: [UInt8] = []
        var pieces = 0
        PlanJSON(plan).write { piece in
            text += piece
            pieces += 1
        }
        #expect(pieces > 5)
        let document = try JSONDecoder().decode(PlanDocument.self, from: Data(text))
        #expect(document.actions.count == 2000)
        #expect(document.actions.map(\.eid) == plan.actions.map(\.key.eid.description))
        #expect(document.exceptions.count == 1000)
        #expect(document.summary.accounts.map(\.labels) == [["site": ["a b": 2000]]])
        #expect(document.summary.actions == ["downloadEnable": 1000, "enable": 1000])
    }
}
