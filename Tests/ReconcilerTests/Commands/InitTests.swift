import Foundation
import Testing

@testable import Reconciler

@Suite("The starter directory")
struct InitTests {
    @Test("what init writes is valid, can be planned and applied on the simulator, and fits its schemas")
    func works() async throws {
        let folder = try TemporaryFolder()
        let written = try await Binary.run(["init", "new/fleet"], in: folder.path)
        #expect(written.exitCode == 0, "\(written.errors)")
        let directory = folder.path + "/new/fleet"
        #expect(try await Binary.run(["validate", "fleet", "--strict"], in: directory).exitCode == 0)
        let plan = try await Binary.run(["plan", "fleet"], in: directory)
        #expect(plan.exitCode == 0 && plan.output.contains("0 of 4 devices as desired"), "\(plan.output)\(plan.errors)")
        let applied = try await Binary.run(
            ["apply", "fleet", "--simulate", "--auto-approve", "--callback-delay", "20ms"], in: directory)
        #expect(applied.exitCode == 0 && applied.output.contains("Converged."), "\(applied.output)\(applied.errors)")
        for (name, schema) in [("fleet/meters.yaml", ManifestShape.schema), ("profilectl.yaml", SettingsShape.schema)] {
            let text = try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
            #expect(try await SchemaCheck.refusals(of: [text], by: schema).isEmpty)
            let line = try #require(text.split(separator: "\n").first)
            let path = String(line.replacing("# yaml-language-server: $schema=", with: ""))
            let file = URL(fileURLWithPath: "\(directory)/\(name)").deletingLastPathComponent().appendingPathComponent(
                path)
            #expect(try String(contentsOf: file, encoding: .utf8) == schema.document())
        }
        // Its policy stops a bad change within the first wave, however small that is (F27).
        let fleet = await ManifestLoader().load(["\(directory)/fleet"]).fleet
        let policy = try #require(fleet.sets.first?.rollout)
        for (released, failed, rest) in [(1, 1, 3), (51, 9, 451), (51, 3, 451)] {
            let tally = RolloutTally(pending: rest, released: released, failed: failed)
            let record = RolloutRecord(
                number: RolloutNumber(1), profileSet: "meters", startedAt: .distantPast, waveLimit: released)
            let step = RolloutStep(of: "meters", policy: policy, tally: tally, record: record, pauses: [])
            #expect(step.isAborted, "\(failed) of \(released)")
        }
        // The commands that it names exist.
        let readme = try String(contentsOfFile: "\(directory)/README.md", encoding: .utf8)
        for match in readme.matches(of: #/(?m)^profilectl (\w+)/#) {
            #expect(try await Binary.run([String(match.1), "--help"], in: "/").exitCode == 0, "\(match.1)")
        }
    }

    @Test("nothing that is there is changed: some files are kept, and where somebody has begun nothing is written")
    func neverOverwrites() async throws {
        let folder = try TemporaryFolder()
        for name in ["README.md", ".gitignore"] { try folder.write(name, "mine\n") }
        let first = try await Binary.run(["init"], in: folder.path)
        #expect(first.exitCode == 0)
        #expect(first.output.contains("kept README.md") && first.output.contains("Add `.profilectl/` to it"))
        for name in ["README.md", ".gitignore"] {
            #expect(try String(contentsOfFile: folder.path + "/" + name, encoding: .utf8) == "mine\n")
        }
        let files = FileManager.default
        for name in ["profilectl.yaml", "fleet", "schema"] {
            let other = try TemporaryFolder()
            try other.write(name == "profilectl.yaml" ? name : name + "/mine.txt", "mine\n")
            let refused = try await Binary.run(["init"], in: other.path)
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("holds \(name) already: nothing was written"))
            #expect(try files.contentsOfDirectory(atPath: other.path) == [name])
        }
        try folder.write("file", "")
        #expect(try await Binary.run(["init", "file/below"], in: folder.path).exitCode == 1)
    }
}
