import Foundation
import Testing

@testable import Reconciler

@Suite("Manifests of a git revision")
struct GitRevisionTests {
    private let header = """
        apiVersion: profilectl/v1
        kind: ProfileSet
        metadata: {name: cars}
        defaults: {accountName: "0342077109-00001", smsrOid: 1.2.3, state: downloaded-enabled}

        """

    /// A repository whose fleet is a folder with a YAML that names a CSV beside it, and a link to another YAML.
    private func repository() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let row = "\(try Fleets.eid(7)),\(try Fleets.iccid(7))\n"
        try folder.write("fleet/cars.yaml", header + "devicesFrom: [{csv: ../inventory/cars.csv}]\n")
        try folder.write("inventory/cars.csv", "eid,iccid\n" + row)
        try folder.write("shared/meters.yml", try Fleets.yaml(1))
        try folder.write("fleet/notes.txt", "no manifest")
        try folder.write("fleet/.hidden.yaml", "no manifest")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/fleet/meters.yaml", withDestinationPath: "../shared/meters.yml")
        try GitFolder.initialize(folder)
        return folder
    }

    private func compare(
        _ paths: [String], _ against: String, _ load: (() async throws -> DesiredFleet)? = nil
    ) async throws -> RevisionComparison {
        try await RevisionSession(against: against, isStrict: false).compare(paths) {
            if let load { return try await load() }
            let loaded = await ManifestLoader(allowsExternalTables: true).load(paths)
            try #require(loaded.errorCount == 0, "\(loaded.complaints.map(\.text))")
            return loaded.fleet
        } take: { loaded, _ in
            try #require(loaded.errorCount == 0, "\(loaded.complaints.map(\.text))")
            return loaded.fleet
        }
    }

    @Test("a revision is read as the files were, with folders, links and CSVs, whatever they are now")
    func reads() async throws {
        let folder = try repository()
        let fleet = folder.path + "/fleet"
        #expect(try await compare([fleet], "HEAD").difference.isEmpty)
        #expect(try await compare([fleet], "main").difference.unchangedCount == 2)
        try folder.write("inventory/cars.csv", "eid,iccid\n")
        try folder.write("shared/meters.yml", try Fleets.yaml(3))
        try folder.write("fleet/new.yaml", try Fleets.yaml(0, name: "new"))
        let changed = try await compare([fleet], "HEAD")
        #expect(changed.after == .workTree)
        #expect(changed.difference.removed.map(\.key) == [try Fleets.key(7)])
        #expect(changed.difference.count(.added) == 2 && changed.difference.unchangedCount == 1)
        #expect(changed.difference.profileSets == [.added("new")])
        // A file that is gone is read all the same.
        try FileManager.default.removeItem(atPath: folder.path + "/shared")
        #expect(try await compare([fleet], "HEAD") { DesiredFleet() }.difference.count(.removed) == 2)
    }

    @Test("two revisions are compared without a look at the files as they are")
    func ranges() async throws {
        let folder = try repository()
        _ = try GitProcess.run(["tag", "v1"], in: folder.path)
        try folder.write("shared/meters.yml", try Fleets.yaml(2))
        try GitFolder.commit(folder, tag: "v2")
        try folder.write("shared/meters.yml", "broken: [")
        let path = folder.path + "/fleet"
        let forward = try await compare([path], "v1..v2") { throw CancellationError() }
        #expect(forward.difference.count(.added) == 1 && forward.difference.count(.removed) == 0)
        let backward = try await compare([path + "/meters.yaml", path + "/cars.yaml"], "v2..v1") {
            throw CancellationError()
        }
        #expect(backward.difference.count(.removed) == 1)
        guard case .revision("v2", let commit) = forward.after else {
            Issue.record("\(forward.after)")
            return
        }
        #expect(commit.count == 40)
    }

    @Test(
        "what cannot be compared is refused with a sentence",
        arguments: [
            ("--output=x", "no name of a revision"), ("", "no name of a revision"),
            ("nowhere", "no revision `nowhere`"),
            ("main:fleet", "no revision"), ("main...v1", "three dots"), ("main..", "one side"), ("..main", "one side"),
            ("main..-x", "no name of a revision"), ("a\nb", "no name of a revision"), ("$(touch x)", "no revision"),
        ])
    func refused(against: String, expected: String) async throws {
        let folder = try repository()
        let error = await #expect(throws: GitError.self) { try await compare([folder.path + "/fleet"], against) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/x"))
    }

    @Test("a folder that only one of the revisions has is all new, or all gone")
    func newFolder() async throws {
        let folder = try repository()
        _ = try GitProcess.run(["tag", "v1"], in: folder.path)
        try folder.write("late/new.yaml", try Fleets.yaml(1))
        for path in ["late", "late/new.yaml"] {
            let difference = try await compare([folder.path + "/" + path], "main").difference
            #expect(difference.count(.added) == 1 && difference.count(.removed) == 0)
        }
        try GitFolder.commit(folder, tag: "v2")
        #expect(try await compare([folder.path + "/late"], "v1..v2").difference.count(.added) == 1)
        #expect(try await compare([folder.path + "/late"], "v2..v1").difference.count(.removed) == 1)
    }

    @Test("a path that nobody has, and a folder that is no repository, are named")
    func places() async throws {
        let folder = try repository()
        for (path, against) in [("nowhere/at/all", "main"), ("nowhere", "main..main")] {
            let error = await #expect(throws: GitError.self) { try await compare([folder.path + "/" + path], against) }
            #expect(error?.reason == .notInRevision)
            #expect(error?.description.contains("no file or folder `\(path)`") == true, "\(error?.description ?? "")")
        }
        let other = try TemporaryFolder()
        try other.write("fleet.yaml", try Fleets.yaml(1))
        let error = await #expect(throws: GitError.self) { try await compare([other.path + "/fleet.yaml"], "main") }
        #expect(error?.reason == .noRepository)
        try GitFolder.initialize(other)
        let two = await #expect(throws: GitError.self) {
            try await compare([other.path + "/fleet.yaml", folder.path + "/fleet"], "main")
        }
        #expect(two?.description.contains("two repositories") == true)
    }

    @Test("links that go round, lead out, or to nothing are errors, each")
    func links() async throws {
        let folder = try TemporaryFolder()
        let wrong: [(name: String, target: String, words: String)] = [
            ("a.yaml", "b.yaml", "circle"), ("b.yaml", "a.yaml", "circle"), ("out.yaml", "../x.yaml", "leads out"),
            ("root.yaml", "/etc/hostname", "leads out"), ("dangling", "nowhere", "where nothing is"),
        ]
        for (name, target, _) in wrong {
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/" + name, withDestinationPath: target)
        }
        try folder.write("good.yaml", try Fleets.yaml(1))
        try GitFolder.initialize(folder)
        let (repository, inside) = try GitRepository.holding([folder.path])
        let revision = try GitRevision("main", of: repository)
        #expect(revision.kind(of: "none.yaml") == .absent)
        #expect(revision.kind(of: "../x") == .unreadable(.outwardLink(to: "../x")))
        let loaded = try await revision.load(inside, isStrict: false)
        #expect(loaded.errorCount == wrong.count, "\(loaded.complaints.map(\.text))")
        for (name, _, words) in wrong {
            #expect(
                loaded.complaints.contains { $0.place?.file.hasSuffix(name) == true && $0.found.contains(words) },
                "\(name)")
        }
    }

    @Test("submodules and names that are no UTF-8 are errors, not fewer devices")
    func unreadable() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet/good.yaml", try Fleets.yaml(1))
        try GitFolder.initialize(folder)
        let head = try GitProcess.run(["rev-parse", "HEAD"], in: folder.path).text.trimmingCharacters(in: .newlines)
        _ = try GitProcess.run(
            ["update-index", "--add", "--cacheinfo", "160000,\(head),fleet/sub"], in: folder.path)
        let blob = try GitProcess.run(["rev-parse", "HEAD:fleet/good.yaml"], in: folder.path).text
            .trimmingCharacters(in: .newlines)
        var entry = Data("100644 \(blob)\tfleet/Sal".utf8)
        entry.append(0xF3)
        entry.append(contentsOf: "n.yaml\n".utf8)
        let indexed = try await Binary.run(
            ["update-index", "--index-info"], in: folder.path, input: entry, program: "git")
        #expect(indexed.exitCode == 0, "\(indexed.errors)")
        _ = try GitProcess.run(
            ["-c", "user.name=Ann", "-c", "user.email=a@b", "commit", "--quiet", "--message", "x"], in: folder.path)
        let revision = try GitRevision("main", of: GitRepository(folder: folder.path))
        let loaded = try await revision.load(["fleet"], isStrict: false)
        #expect(
            loaded.complaints.map(\.found).sorted() == [
                "`fleet/Sal\\xF3n.yaml`, a name that is no UTF-8",
                "`fleet/sub`, a submodule, whose files are in another repository",
            ])
    }
}
