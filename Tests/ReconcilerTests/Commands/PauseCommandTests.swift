import Foundation
import Testing

@testable import Reconciler

@Suite("pause, resume, status and plan, through the binary")
struct PauseCommandTests {
    @Test("a store that is not there is said so, and not made (F26)")
    func missingStore() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(2))
        for (arguments, exitCode) in [
            (["pause"], 1), (["pause", "--set", "fleet"], 1), (["resume"], 1), (["resume", "--all"], 1),
            (["status"], 1), (["status", "\(try Fleets.eid(1))"], 1), (["plan", "fleet.yaml"], 0),
        ] as [([String], Int32)] {
            let result = try await Binary.run(arguments, in: folder.path)
            #expect(result.exitCode == exitCode, "\(arguments): \(result.errors)")
            #expect(result.errors.contains("no state store at sqlite:.profilectl/state.db"), "\(result.errors)")
            #expect(!result.output.contains("Paused") && !result.output.contains("Resumed"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["fleet.yaml"])
    }

    @Test("a pause names a set of the store that the settings file means")
    func settingsFile() async throws {
        let folder = try TemporaryFolder()
        try folder.write("conf/profilectl.yaml", "state: sqlite:data/state.db\n")
        try FileManager.default.createDirectory(
            atPath: folder.path + "/conf/data", withIntermediateDirectories: true)
        let store = try SQLiteStore(path: folder.path + "/conf/data/state.db")
        let members = SetMembers(profileSet: "meters", keys: [try Fleets.key(1)])
        try await store.write { try $0.note([members], isWhole: true) }
        let settings = ["--config", "conf/profilectl.yaml"]
        let slip = try await Binary.run(["pause", "--set", "metres"] + settings, in: folder.path)
        #expect(slip.exitCode == 1 && slip.errors.contains("Did you mean `meters`?"), "\(slip.errors)")
        let paused = try await Binary.run(["pause", "--set", "meters"] + settings, in: folder.path)
        #expect(paused.exitCode == 0 && paused.output.contains("`profilectl resume --set meters`"), "\(paused.errors)")
        #expect(try await store.read { try $0.pauses().map(\.scope) } == [.profileSet("meters")])
        let everything = try await Binary.run(["resume"] + settings, in: folder.path)
        #expect(everything.exitCode == 0 && everything.output.contains("Still paused: meters"), "\(everything.output)")
        #expect(try await Binary.run(["resume", "--all"] + settings, in: folder.path).exitCode == 0)
        #expect(try await store.read { try $0.pauses() }.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["conf"])
        #expect(try await Binary.run(["resume", "--all", "--set", "meters"], in: folder.path).exitCode == 64)
    }
}
