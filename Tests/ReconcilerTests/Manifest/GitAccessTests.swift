import Foundation
import Testing

@testable import Reconciler

@Suite("What git gets from us")
struct GitAccessTests {
    private let inherited = [
        "PATH": "/bin", "HOME": "/root", "LANG": "de_DE.UTF-8", "SSH_AUTH_SOCK": "/agent", "https_proxy": "http://p",
        "GIT_ASKPASS": "/ask", "GIT_DIR": "/evil", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.pager",
        "GIT_EXTERNAL_DIFF": "/evil", "LD_PRELOAD": "/evil.so", "THINGSPACE_CLIENT_SECRET": "s1",
        "PROFILECTL_ADMIN_TOKEN": "s2", "AWS_SECRET_ACCESS_KEY": "s3", "GITHUB_TOKEN": "s4",
    ]

    @Test("a local read has a path, a home and no way out")
    func local() {
        let environment = GitAccess.local.environment(from: inherited)
        #expect(
            Set(environment.keys) == [
                "PATH", "HOME", "LANG", "LC_ALL", "GIT_OPTIONAL_LOCKS", "GIT_TERMINAL_PROMPT", "GIT_NO_LAZY_FETCH",
                "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "GIT_CONFIG_NOSYSTEM", "GIT_ALLOW_PROTOCOL",
            ])
        #expect(environment["GIT_ALLOW_PROTOCOL"] == "" && environment["GIT_CONFIG_NOSYSTEM"] == "1")
        let options = GitAccess.local.options.joined(separator: " ")
        for option in ["safe.bareRepository=explicit", "core.fsmonitor=", "core.hooksPath=/dev/null"] {
            #expect(options.contains("-c \(option)"))
        }
    }

    @Test(
        "a fetch has the transports that its address needs",
        arguments: [
            ("https://git.example.com/f", "https:ssh"), ("ssh://git.example.com/f", "https:ssh"),
            ("git@git.example.com:f", "ssh"), ("/srv/f", "file"), ("file:///srv/f", "file"),
            ("http://127.0.0.1:80/f", "http"),
        ])
    func remote(address: String, transports: String) throws {
        let environment = GitAccess.remote(try GitRemote(address)).environment(from: inherited)
        #expect(environment["GIT_ALLOW_PROTOCOL"] == transports)
        #expect(environment["SSH_AUTH_SOCK"] == "/agent" && environment["https_proxy"] == "http://p")
        #expect(environment["GIT_ASKPASS"] == "/ask")
        #expect(!environment.values.contains { ["s1", "s2", "s3", "s4", "/evil", "/evil.so"].contains($0) })
        #expect(environment["GIT_CONFIG_COUNT"] == nil)
    }

    @Test("no secret reaches git from the real program, and nothing but what is named")
    func child() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet/a.yaml", try Fleets.yaml(1))
        try GitFolder.initialize(folder)
        let git = try #require(
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/git" }
                .first { FileManager.default.isExecutableFile(atPath: $0) })
        let script = try folder.write(
            "bin/git", "#!/bin/sh\nenv >> '\(folder.path)/seen'\nexec '\(git)' \"$@\"\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        var environment = Binary.simulatorSecrets
        environment["PROFILECTL_ADMIN_TOKEN"] = "admin-secret"
        environment["GITHUB_TOKEN"] = "token-secret"
        environment["PATH"] = "\(folder.path)/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        let result = try await Binary.run(
            ["plan", "fleet", "--against", "HEAD"], in: folder.path, environment: environment)
        #expect(result.exitCode == 0, "\(result.errors)")
        let seen = try String(contentsOfFile: folder.path + "/seen", encoding: .utf8)
        #expect(seen.contains("GIT_TERMINAL_PROMPT=0"))
        for word in ["secret", "THINGSPACE", "PROFILECTL", "simulator-"] {
            #expect(!seen.replacing("test-secret", with: "").contains(word), "\(word)")
        }
    }

    @Test("a folder that holds a repository of its own runs nothing, and is refused")
    func hostileFolder() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet/a.yaml", try Fleets.yaml(1))
        try GitFolder.initialize(folder)
        let fleet = folder.path + "/fleet"
        let program = try folder.write("program", "#!/bin/sh\nenv > '\(folder.path)/ran'\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        // As a clone would deliver it: the files of a repository among the manifests, one blob of it missing.
        for name in ["HEAD", "objects", "refs"] {
            try FileManager.default.copyItem(atPath: folder.path + "/.git/" + name, toPath: fleet + "/" + name)
        }
        let blob = try GitProcess.run(["rev-parse", "HEAD:fleet/a.yaml"], in: folder.path).text
            .trimmingCharacters(in: .newlines)
        try FileManager.default.removeItem(atPath: "\(fleet)/objects/\(blob.prefix(2))/\(blob.dropFirst(2))")
        try folder.write(
            "fleet/config",
            """
            [core]
            \trepositoryformatversion = 1
            \tbare = false
            \tworktree = .
            \tfsmonitor = \(program)
            [extensions]
            \tpartialClone = origin
            [remote "origin"]
            \turl = \(folder.path)
            \tpromisor = true
            \tuploadpack = \(program)
            """)
        let result = try await Binary.run(["plan", "fleet", "--against", "HEAD"], in: folder.path)
        #expect(result.exitCode == 1, "\(result)")
        #expect(result.errors.contains("bare repository"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/ran"))
    }

    @Test(
        "a limit of processes is not blamed on the repository",
        arguments: [
            "fatal: cannot fork() for remote-https: Resource temporarily unavailable", "error: unable to fork",
            "fatal: unable to create thread: Resource temporarily unavailable",
        ])
    func limits(words: String) {
        #expect(GitWords.sayThatNothingStarts(words))
        #expect(!GitWords.sayThatNothingStarts("fatal: repository 'https://example.com/forks' not found"))
        #expect(ChildProcess.StartFailure(number: EAGAIN).sentence(about: "git").contains("no more processes"))
    }

    @Test("what a child's children leave behind is taken away")
    func orphans() async throws {
        typealias Control = @convention(c) (CInt, UInt, UInt, UInt, UInt) -> CInt
        let symbol = try #require(dlsym(nil, "prctl"))
        let prctl = unsafeBitCast(symbol, to: Control.self)
        // As process 1 does, this process inherits them for a moment: PR_SET_CHILD_SUBREAPER.
        #expect(prctl(36, 1, 0, 0, 0) == 0)
        defer { _ = prctl(36, 0, 0, 0, 0) }
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        let child = try ChildProcess.start(
            ["sh", "-c", "sh -c : & exit 0"], environment: ["PATH": "/usr/bin:/bin"], output: null, errors: null
        ).get()
        child.awaitEnd()
        #expect(child.takeAway() == .exited(code: 0))
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(5))
        let isGone = try await waiter.wait(until: SystemClock().now() + .seconds(20)) { () -> Bool? in
            OrphanReaper.reap()
            return kill(-child.id, 0) != 0 && errno == ESRCH ? true : nil
        }
        #expect(isGone == true)
    }

    @Test("two controllers on one cache wait for each other")
    func lock() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lock"
        let result: Result<Void, GitError> = try await GitCacheLock.whileHolding(path, limit: .seconds(1)) {
            do throws(GitError) {
                return .success(try await GitCacheLock.whileHolding(path, limit: .zero) {})
            } catch {
                return .failure(error)
            }
        }
        guard case .failure(let error) = result else {
            Issue.record("the lock was had twice")
            return
        }
        #expect(error.description.contains("Another process") && error.description.contains(path))
        try await GitCacheLock.whileHolding(path, limit: .zero) {}
    }

    @Test("two controllers on one cache report no trouble")
    func sharedCache() async throws {
        let (work, cache) = (try TemporaryFolder(), try TemporaryFolder())
        try work.write("a.yaml", try Fleets.yaml(1))
        try GitFolder.initialize(work)
        for count in 2...4 {
            try work.write("a.yaml", try Fleets.yaml(count))
            try GitFolder.commit(work)
            let problems = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        do {
                            let origin = try GitManifests(
                                repository: work.path, branch: "main", cache: cache.path + "/git")
                            return try await origin.look(also: []).doubt?.description
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [String]()) { $0 += $1.map { [$0] } ?? [] }
            }
            #expect(problems == [])
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: cache.path + "/git")
        #expect(left.count == 1, "\(left)")
    }
}
