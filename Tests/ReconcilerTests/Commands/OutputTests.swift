import Foundation
import Testing

@testable import Reconciler
@testable import profilectl

@Suite("What commands print, as processes", .seated)
struct OutputTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(3, rollout: Fleets.quick))
    }

    private func run(
        _ arguments: [String], shell: String, environment: [String: String] = [:]
    ) async throws -> Binary.Result {
        try await Binary(arguments, in: folder.path, environment: environment, launcher: ["sh", "-c", shell]).result()
    }

    @Test("output that cannot be written is exit code 1 and a sentence, whatever the command")
    func fullDisk() async throws {
        _ = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
        #expect(try await Binary.run(["plan", "fleet.yaml", "--out", "a.plan"], in: folder.path).exitCode == 0)
        let commands =
            ["text", "json", "github", "sarif"].map { ["validate", "fleet.yaml", "--format", $0] }
            + ["text", "json", "markdown", "html"].map { ["plan", "fleet.yaml", "--format", $0] } + [
                ["status"], ["status", "--format", "json"], ["schema"], ["pause"], ["resume"], ["show", "a.plan"],
                ["--help"], ["--version"], ["init", "new"],
            ]
        for command in commands {
            let result = try await run(command, shell: "exec \"$0\" \"$@\" > /dev/full")
            #expect(result.exitCode == 1 && result.errors.contains("cannot be written"), "\(command): \(result)")
        }
    }

    @Test("a reader that stops reading ends a command without a word")
    func brokenPipe() async throws {
        let result = try await run(
            ["schema"], shell: "mkfifo p; exec 3<>p 4>p 3<&-; exec \"$0\" \"$@\" >&4 4>&-")
        #expect(result.exitCode == 141 && result.errors.isEmpty, "\(result)")
    }

    @Test("arguments are known without /proc, and none at all are wrong usage", SmallDisk.isThere)
    func withoutProc() async throws {
        let shell = "mount -t tmpfs none /proc && exec \"$0\" \"$@\""
        let unshare = geteuid() == 0 ? ["unshare", "--mount"] : ["unshare", "--map-root-user", "--mount"]
        // On a busy machine libdispatch counts its threads in /proc, and traps where that is not there (SIGILL).
        func run(_ arguments: [String]) async throws -> Binary.Result {
            var result: Binary.Result
            var attempts = 0
            repeat {
                result = try await Binary(arguments, in: folder.path, launcher: unshare + ["sh", "-c", shell]).result()
                attempts += 1
            } while result.exitCode == -SIGILL && attempts < 10
            return result
        }
        let valid = try await run(["validate", "fleet.yaml"])
        #expect(valid.exitCode == 0 && valid.output.contains("Valid. 3 devices"), "\(valid)")
        let empty = try await run([])
        #expect(empty.exitCode == 64 && empty.errors.contains("--help"), "\(empty)")
    }

    @Test("text from outside begins no line and moves no cursor, in errors, diagnostics and summaries")
    func outsideText() async throws {
        let evil = "x\n::error::y\u{9B}2J\u{202E}"
        try folder.write("csv.yaml", try Fleets.yaml(0).appending("devicesFrom:\n  - csv: \"x\\n::error::y\\e[2J\"\n"))
        for arguments in [
            ["validate", evil], ["validate", "csv.yaml"], ["plan", "fleet.yaml", "--" + evil], ["status", evil],
            ["plan", "fleet.yaml", "--target", evil], ["pause", "--reason", evil], ["status"], ["show", evil], [evil],
            ["callbacks", "list", "--account", evil], ["resolve", evil, "--as", evil],
        ] {
            let result = try await Binary.run(arguments, in: folder.path)
            for line in (result.output + result.errors).split(separator: "\n") {
                #expect(!line.drop { $0 == " " }.hasPrefix("::"), "\(arguments): \(line)")
                #expect(String(line).visible == line, "\(arguments): \(line)")
            }
        }
    }

    @Test("with JSON logs every line of stderr is JSON, and `serve` names its simulator")
    func jsonLogs() async throws {
        let serve = try Binary(
            ["serve", "fleet.yaml", "--simulate", "--admin", "127.0.0.1:0", "--log-format", "json"], in: folder.path)
        _ = try #require(try await serve.printed("Look at http", to: "errors"))
        serve.send(SIGTERM)
        let served = await serve.result()
        let applied = try await Binary.run(
            ["apply", "fleet.yaml", "--simulate", "--auto-approve", "--log-format", "json"], in: folder.path)
        let failed = try await Binary.run(
            ["apply", "fleet.yaml", "--auto-approve", "--log-format", "json"], in: folder.path)
        for result in [served, applied, failed] {
            #expect(!result.errors.isEmpty)
            for line in result.errors.split(separator: "\n") {
                #expect(try JSONValue(json: Array(line.utf8))["message"]?.text != nil, "\(line)")
            }
        }
        #expect(served.errors.contains("The simulator answers at http://127.0.0.1:"))
        #expect(failed.errors.contains(#""level":"error""#))
    }

    @Test("a log that nobody reads stops neither the work nor the end of `serve`", .timeLimit(.minutes(2)))
    func standingReader() async throws {
        let port = Int.random(in: 30_000..<32_000)
        // The pipe is full before the program begins, and nobody reads from it.
        let shell = "mkfifo p; exec 2<>p; head -c 65536 /dev/zero >&2; exec \"$0\" \"$@\""
        let serve = try Binary(
            [
                "serve", "fleet.yaml", "--simulate", "--admin", "127.0.0.1:\(port)", "--log-level", "debug",
            ], in: folder.path, launcher: ["sh", "-c", shell])
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(50))
        let converged: Bool? = try await waiter.wait(until: SystemClock().now() + .seconds(60)) {
            let page = try? await Harness.call("GET", "http://127.0.0.1:\(port)/metrics")
            return page?.body.contains("standing=\"converged\"} 3\n") == true ? true : nil
        }
        #expect(converged == true)
        serve.send(SIGTERM)
        #expect(await serve.result().exitCode == 0)
    }

    /// Answers the question of `apply` on a terminal.
    private static let terminal = """
        import os, pty, sys
        pid, terminal = pty.fork()
        if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])
        text, asked = b"", False
        try:
            while True:
                piece = os.read(terminal, 4096)
                if not piece: break
                text += piece
                if not asked and b"taken for yes: " in text:
                    asked = True
                    os.write(terminal, sys.argv[1].encode() + b"\\n")
        except OSError: pass
        print(text.decode(errors="replace"))
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """

    @Test("a plan that is not confirmed is exit code 6, and a confirmed one is carried out", Tool.python.isThere)
    func confirmation() async throws {
        for (answer, code) in [("no", 6), ("yes", 0)] as [(String, Int32)] {
            let result = try await Tool.python.run(
                ["-c", Self.terminal, answer, Binary.executable, "apply", "fleet.yaml", "--simulate"],
                in: folder.path)
            #expect(result.exitCode == code, "\(result)")
            #expect(result.output.contains(code == 6 ? "Nothing was changed." : "Converged."), "\(result)")
        }
    }

    @Test("progress shows each new condition at once, and numbers now and then")
    func pace() {
        var pace = ProgressPace()
        let start = Timestamp(milliseconds: 1_790_000_000_000)
        var shown: [Int] = []
        for (second, line) in ["1/9", "2/9", "3/9, paused", "3/9, paused", "4/9, paused"].enumerated() {
            let line = DisplayText(line)
            if pace.shows(line, at: start + .seconds(second * 2), onTerminal: false, isOver: false) {
                shown.append(second)
            }
        }
        #expect(shown == [0, 2])
        let showsEnd = pace.shows("9/9, paused", at: start + .seconds(9), onTerminal: false, isOver: true)
        #expect(showsEnd)
    }
}
