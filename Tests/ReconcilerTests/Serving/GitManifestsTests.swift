import Foundation
import Testing

@testable import Reconciler

@Suite("Manifests from a git repository", .serialized, .timeLimit(.minutes(5)))
struct GitManifestsTests {
    /// A repository that is pushed to, and what a controller makes of it.
    private struct Scene {
        let work: TemporaryFolder
        let clock = ManualClock()
        let cache: TemporaryFolder
        var book: ManifestBook
        let origin: GitManifests

        /// - Parameter address: of the repository, given its folder.
        init(
            _ files: [String: String], branch: String = "main", paths: [String] = ["fleet"],
            address: (String) -> String = { $0 }
        ) throws {
            work = try TemporaryFolder()
            cache = try TemporaryFolder()
            for (name, text) in files { try work.write(name, text) }
            try GitFolder.initialize(work)
            origin = try GitManifests(
                repository: address(work.path), branch: branch, paths: paths, cache: cache.path + "/git",
                limit: .seconds(30))
            book = ManifestBook(origin: origin, isStrict: false, clock: clock)
        }

        func commit(_ files: [String: String] = [:]) throws {
            for (name, text) in files { try work.write(name, text) }
            try GitFolder.commit(work)
        }

        @discardableResult
        func git(_ arguments: String...) throws -> String {
            try GitProcess.run(arguments, in: work.path).text.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        var head: String { get throws { try git("rev-parse", "HEAD") } }

        /// The mirror, once there is one.
        var mirror: String {
            get throws {
                let names = try FileManager.default.contentsOfDirectory(atPath: cache.path + "/git")
                return cache.path + "/git/" + (try #require(names.first))
            }
        }
    }

    @Test("a branch is followed commit by commit, by folder and by URL, and files that are not committed do not count")
    func follows() async throws {
        for address in [{ (path: String) in path }, { "file://" + $0 }] {
            var scene = try Scene(["fleet/cars.yaml": try Fleets.yaml(3)], address: address)
            #expect(await scene.book.update(), "\(scene.book.problem?.text ?? "")")
            #expect(scene.book.fleet?.devices.count == 3)
            #expect(scene.book.revision?.commit == (try scene.head))
            #expect(scene.book.revision?.commit?.count == 40)
            #expect(await scene.book.update() == false)

            try scene.work.write("fleet/cars.yaml", "broken: [")
            #expect(await scene.book.update() == false)
            try scene.commit(["fleet/cars.yaml": try Fleets.yaml(4), "other/x.yaml": "no manifest"])
            #expect(await scene.book.update())
            #expect(scene.book.fleet?.devices.count == 4)
            #expect(scene.book.revision?.commit == (try scene.head))
        }
    }

    @Test("a change made elsewhere on another branch changes nothing, a tag is followed like a branch")
    func branches() async throws {
        var scene = try Scene(["fleet/cars.yaml": try Fleets.yaml(1)], branch: "release/1")
        #expect(await scene.book.update())
        #expect(
            scene.book.problem?.text.contains("no branch or tag `release/1`") == true,
            "\(scene.book.problem?.text ?? "")")
        try scene.git("-c", "user.name=Ann", "-c", "user.email=a@b", "tag", "--annotate", "-m", "x", "release/1")
        #expect(await scene.book.update())
        #expect(scene.book.revision?.commit == (try scene.head), "the commit, and not the tag's own number")
        try scene.commit(["fleet/cars.yaml": try Fleets.yaml(2)])
        #expect(await scene.book.update() == false)
        try scene.git("branch", "release/1")
        #expect(await scene.book.update(), "a branch goes before a tag")
        #expect(scene.book.fleet?.devices.count == 2)
    }

    @Test("a table that a manifest names, and paths of which one is a file, are read from the commit")
    func tables() async throws {
        let row = "\(try Fleets.eid(7)),\(try Fleets.iccid(7))\n"
        let set = """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: tables}
            defaults: {accountName: "\(Fleets.account)", smsrOid: \(Fleets.smsr), state: downloaded-enabled}
            devicesFrom: [{csv: ../inventory/cars.csv}]
            """
        var scene = try Scene(
            ["sets/table.yaml": set, "inventory/cars.csv": "eid,iccid\n" + row, "one.yaml": try Fleets.yaml(2)],
            paths: ["./sets/", "one.yaml"])
        #expect(await scene.book.update(), "\(scene.book.problem?.text ?? "")")
        #expect(scene.book.fleet?.devices.count == 3)
        #expect(scene.origin.name == "\(scene.work.path), main: sets, one.yaml")
        let other = "\(try Fleets.eid(8)),\(try Fleets.iccid(8))\n"
        try scene.commit(["inventory/cars.csv": "eid,iccid\n" + row + other])
        #expect(await scene.book.update())
        #expect(scene.book.fleet?.devices.count == 4)
        try scene.git("rm", "--quiet", "inventory/cars.csv")
        try scene.commit()
        #expect(await scene.book.update())
        #expect(scene.book.problem?.text.contains("inventory/cars.csv`, which cannot be read") == true)
        #expect(scene.book.fleet?.devices.count == 4)
    }

    @Test("a broken revision keeps the fleet before, and is told with its place and commit")
    func broken() async throws {
        var scene = try Scene(["fleet/cars.yaml": try Fleets.yaml(3)])
        _ = await scene.book.update()
        let good = try scene.head
        try scene.commit(["fleet/cars.yaml": "apiVersion: profilectl/v1\nkind: Profileset\n"])
        #expect(await scene.book.update())
        #expect(scene.book.problem?.text.contains("fleet/cars.yaml:2:7") == true, "\(scene.book.problem?.text ?? "")")
        #expect(scene.book.problem?.commit == (try scene.head))
        #expect(scene.book.fleet?.devices.count == 3 && scene.book.revision?.commit == good)
        #expect(await scene.book.update() == false)
        try scene.git("rm", "--quiet", "-r", "fleet")
        try scene.commit()
        #expect(await scene.book.update())
        #expect(scene.book.problem?.text.contains("has no file or folder `fleet`") == true)
        // Taken back by force.
        try scene.git("reset", "--quiet", "--hard", good)
        #expect(await scene.book.update())
        #expect(scene.book.problem == nil && scene.book.revision?.commit == good)
    }

    @Test("a history that was written anew is followed")
    func force() async throws {
        var scene = try Scene(["fleet/cars.yaml": try Fleets.yaml(3)])
        _ = await scene.book.update()
        try scene.git("checkout", "--quiet", "--orphan", "new")
        try scene.commit(["fleet/cars.yaml": try Fleets.yaml(5)])
        try scene.git("branch", "--force", "main", "new")
        #expect(await scene.book.update(), "\(scene.book.problem?.text ?? "")")
        #expect(scene.book.fleet?.devices.count == 5)
        #expect(scene.book.revision?.commit == (try scene.head))
    }

    @Test(
        "a history that was written anew is told from one that went on, through merges as well, and only while it can be"
    )
    func ancestry() async throws {
        var scene = try Scene(["fleet/cars.yaml": try Fleets.yaml(1)])
        _ = await scene.book.update()
        let first = try scene.head
        try scene.git("branch", "side")
        for count in 2...4 { try scene.commit(["fleet/cars.yaml": try Fleets.yaml(count)]) }
        let fourth = try scene.head
        try scene.git("checkout", "--quiet", "side")
        try scene.commit(["other.txt": "beside"])
        try scene.git("checkout", "--quiet", "main")
        let identity = ["-c", "user.name=Ann", "-c", "user.email=a@b"]
        _ = try GitProcess.run(identity + ["merge", "--quiet", "--no-edit", "side"], in: scene.work.path)
        _ = await scene.book.update()
        let merge = try scene.head
        #expect(await scene.origin.descends(merge, from: fourth) == nil, "it was never fetched")
        #expect(await scene.origin.descends(merge, from: first) == true)

        try scene.git("reset", "--quiet", "--hard", fourth)
        try scene.commit(["fleet/cars.yaml": try Fleets.yaml(5)])
        _ = await scene.book.update()
        let forced = try scene.head
        #expect(await scene.origin.descends(forced, from: merge) == false)
        #expect(await scene.origin.descends(forced, from: first) == true)
        #expect(await scene.book.update() == false)
        #expect(scene.book.fleet?.devices.count == 5)
        try scene.git("reset", "--quiet", "--hard", first)
        _ = await scene.book.update()
        #expect(await scene.origin.descends(first, from: forced) == false, "taken back")
        try FileManager.default.removeItem(atPath: scene.work.path)
        #expect(await scene.origin.descends(forced, from: first) == nil, "nobody can be asked")
    }

    @Test(
        "while the repository or the branch is gone the fleet stays; the same commit ends the problem when it is back")
    func gone() async throws {
        var scene = try Scene(["fleet/cars.yaml": try Fleets.yaml(3)])
        _ = await scene.book.update()
        try scene.git("branch", "--move", "main", "mainn")
        #expect(await scene.book.update())
        #expect(
            scene.book.problem?.text.contains("no branch or tag `main` (did you mean `mainn`?)") == true,
            "\(scene.book.problem?.text ?? "")")
        #expect(await scene.book.update() == false)
        try scene.git("branch", "--move", "mainn", "main")
        #expect(await scene.book.update())
        #expect(scene.book.problem == nil && scene.book.fleet?.devices.count == 3)

        try FileManager.default.moveItem(atPath: scene.work.path, toPath: scene.work.path + "-away")
        #expect(await scene.book.update())
        #expect(scene.book.problem?.text.contains("cannot be reached") == true, "\(scene.book.problem?.text ?? "")")
        let began = scene.book.problem?.at
        scene.clock.advance(by: .seconds(5))
        #expect(await scene.book.update() == false)
        #expect(scene.book.problem?.at == began)
        try FileManager.default.moveItem(atPath: scene.work.path + "-away", toPath: scene.work.path)
        #expect(await scene.book.update())
        #expect(scene.book.problem == nil)
    }

    @Test("a controller that is started while the server is down goes by what was fetched last, and says so")
    func startedWithoutServer() async throws {
        var scene = try Scene(["fleet/cars.yaml": try Fleets.yaml(3)])
        _ = await scene.book.update()
        let commit = try scene.head
        let away = scene.work.path + "-away"
        try FileManager.default.moveItem(atPath: scene.work.path, toPath: away)
        scene.book = ManifestBook(origin: scene.origin, isStrict: false, clock: scene.clock)
        #expect(await scene.book.update())
        #expect(scene.book.fleet?.devices.count == 3 && scene.book.revision?.commit == commit)
        let text = try #require(scene.book.problem?.text)
        #expect(text.contains("cannot be reached") && text.contains(commit.prefix(12)) && text.contains("newer"))
        #expect(await scene.book.update() == false, "told once")
        try FileManager.default.moveItem(atPath: away, toPath: scene.work.path)
        try scene.commit(["fleet/cars.yaml": try Fleets.yaml(4)])
        #expect(await scene.book.update())
        #expect(scene.book.problem == nil && scene.book.fleet?.devices.count == 4)
    }

    @Test("a fetch that fails leaves what was fetched before, and nothing of its own")
    func failedFetch() async throws {
        var scene = try Scene(["fleet/cars.yaml": try Fleets.yaml(3)])
        _ = await scene.book.update()
        let commit = try scene.head
        // The tip is told, and its objects cannot be had.
        try scene.commit(["fleet/cars.yaml": try Fleets.yaml(4)])
        let tree = try scene.git("rev-parse", "HEAD^{tree}")
        let object = "\(scene.work.path)/.git/objects/\(tree.prefix(2))/\(tree.dropFirst(2))"
        try FileManager.default.moveItem(atPath: object, toPath: object + "-away")
        #expect(await scene.book.update())
        #expect(scene.book.problem != nil && scene.book.fleet?.devices.count == 3)
        let kept = try GitProcess.run(
            ["rev-parse", "refs/profilectl/followed"], options: ["--git-dir=."], in: try scene.mirror
        ).text
        #expect(kept.hasPrefix(commit))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scene.cache.path + "/git").count == 1)
        var later = ManifestBook(origin: scene.origin, isStrict: false, clock: scene.clock)
        #expect(await later.update())
        #expect(later.fleet?.devices.count == 3 && later.problem != nil)
        try FileManager.default.moveItem(atPath: object + "-away", toPath: object)
        #expect(await scene.book.update())
        #expect(scene.book.problem == nil && scene.book.fleet?.devices.count == 4)
    }

    @Test("an empty repository says so, and is followed from its first commit on")
    func empty() async throws {
        let (work, cache) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try GitProcess.run(["init", "--quiet", "--initial-branch", "main"], in: work.path)
        var book = ManifestBook(
            origin: try GitManifests(repository: work.path, branch: "main", cache: cache.path), isStrict: false,
            clock: ManualClock())
        #expect(await book.update())
        #expect(book.problem?.text.contains("is empty") == true, "\(book.problem?.text ?? "")")
        try work.write("a/b.yaml", try Fleets.yaml(2))
        try GitFolder.commit(work)
        #expect(await book.update())
        #expect(book.fleet?.devices.count == 2 && book.problem == nil)
    }

    @Test("a mirror that is locked, damaged or gone is made anew; nobody else may look into it")
    func mirror() async throws {
        var scene = try Scene(["fleet/cars.yaml": try Fleets.yaml(1)])
        _ = await scene.book.update()
        let mode = try FileManager.default.attributesOfItem(atPath: scene.cache.path + "/git")[.posixPermissions]
        #expect(mode as? Int == 0o700)
        let mirror = try scene.mirror
        let damages: [(Int, () throws -> Void)] = [
            (2, { try scene.cache.write(String(mirror.dropFirst(scene.cache.path.count + 1)) + "/shallow.lock", "") }),
            (3, { try FileManager.default.removeItem(atPath: mirror + "/objects") }),
            (4, { try FileManager.default.removeItem(atPath: mirror) }),
            (5, { try Data("x".utf8).write(to: URL(fileURLWithPath: mirror + "/config")) }),
        ]
        for (count, damage) in damages {
            try damage()
            try scene.commit(["fleet/cars.yaml": try Fleets.yaml(count)])
            #expect(await scene.book.update(), "\(count)")
            #expect(scene.book.fleet?.devices.count == count, "\(scene.book.problem?.text ?? "")")
        }
    }

    @Test("a server that never answers does not hold up more than the time limit, and its children end with it")
    func silence() async throws {
        let cache = try TemporaryFolder()
        let server = try SilentServer()
        let origin = try GitManifests(
            repository: "http://ann:s3cret@127.0.0.1:\(server.port)/fleet.git", branch: "main", cache: cache.path,
            limit: .milliseconds(300))
        var book = ManifestBook(origin: origin, isStrict: false, clock: ManualClock())
        #expect(await book.update())
        let text = try #require(book.problem?.text)
        #expect(text.contains("was not done after 0.3 seconds"), "\(text)")
        #expect(!text.contains("s3cret") && !origin.name.contains("s3cret") && !origin.name.contains("ann"))
        #expect(await server.isHungUpOn())
    }

    @Test("a controller that ends does not wait for a fetch")
    func cancelled() async throws {
        let cache = try TemporaryFolder()
        let server = try SilentServer()
        let origin = try GitManifests(
            repository: "http://127.0.0.1:\(server.port)/fleet.git", branch: "main", cache: cache.path)
        let look = Task { try await origin.look(also: []) }
        try await server.awaitCaller()
        look.cancel()
        let error = await #expect(throws: ManifestsOutOfReach.self) { try await look.value }
        #expect(error?.description.contains("was stopped") == true, "\(error?.description ?? "")")
    }

    @Test("waiting for git leaves the threads of other tasks alone")
    func threads() async throws {
        let cache = try TemporaryFolder()
        let server = try SilentServer()
        let looks = try (0..<2 * ProcessInfo.processInfo.activeProcessorCount).map { number in
            let origin = try GitManifests(
                repository: "http://127.0.0.1:\(server.port)/\(number).git", branch: "main", cache: cache.path)
            return Task { try await origin.look(also: []) }
        }
        for _ in looks { try await server.awaitCaller() }
        // With all threads in use this one would never run.
        #expect(await Task.detached { true }.value)
        for look in looks {
            look.cancel()
            _ = try? await look.value
        }
    }

    @Test(
        "branches and paths that can be none are refused at once",
        arguments: [
            ("-x", "fleet"), ("", "fleet"), ("a b", "fleet"), ("a..b", "fleet"), ("*", "fleet"), ("a:b", "fleet"),
            ("main~1", "fleet"), ("main", ""), ("main", "/fleet"), ("main", "../x"), ("main", "a/../../x"),
            ("main", "-"),
        ])
    func refused(branch: String, path: String) throws {
        #expect(throws: GitError.self) {
            try GitManifests(repository: "/srv/fleet", branch: branch, paths: [path], cache: "/nowhere")
        }
    }

    @Test("the cache is beside the store")
    func cache() {
        #expect(StateLocation.folder("git", beside: "sqlite:.profilectl/state.db").hasSuffix("/.profilectl/git"))
        #expect(StateLocation.folder("git", beside: "/var/lib/profilectl/state.db") == "/var/lib/profilectl/git")
        #expect(StateLocation.folder("git", beside: "postgres://db/x") == ".profilectl/git")
    }
}
