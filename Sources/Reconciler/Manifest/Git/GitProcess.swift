import Foundation

/// Runs `git` as a process of its own, never through a shell.
enum GitProcess {
    struct Result: Sendable {
        let output: Data

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// Runs git to its end, and blocks the thread for that long: for what is on this machine.
    ///
    /// - Parameters:
    ///   - options: of git itself, before the command.
    ///   - folder: where it runs.
    /// - Throws: `GitError` if it cannot be run or ends with an error.
    static func run(_ arguments: [String], options: [String] = [], in folder: String) throws(GitError) -> Result {
        try run(arguments, options: options, in: folder, secrets: [], leash: nil)
    }

    /// Runs git on a thread of its own, to its end or until the time is up or the task is cancelled: for what is
    /// elsewhere.
    ///
    /// - Parameter secrets: what must not be seen in an error.
    /// - Throws: `GitError`
    static func run(
        _ arguments: [String], options: [String], in folder: String, secrets: [String], limit: Duration
    ) async throws(GitError) -> Result {
        let leash = GitLeash(limit: limit)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Swift.Result<Result, GitError>, Never>) in
                Thread.detachNewThread {
                    do throws(GitError) {
                        let result = try run(arguments, options: options, in: folder, secrets: secrets, leash: leash)
                        continuation.resume(returning: .success(result))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
        } onCancel: {
            leash.pull(.unwanted)
        }
        return try result.get()
    }

    private static func run(
        _ arguments: [String], options: [String], in folder: String, secrets: [String], leash: GitLeash?
    ) throws(GitError) -> Result {
        // Files: a pipe ends only when nobody has it any more, and others who are started meanwhile may have it, too.
        guard let output = TemporaryFile.open() else {
            throw GitError(.cannotRun, "No temporary file can be made", words: nil)
        }
        defer { fclose(output) }
        guard let words = TemporaryFile.open() else {
            throw GitError(.cannotRun, "No temporary file can be made", words: nil)
        }
        defer { fclose(words) }
        let started = ChildProcess.start(
            ["git", "-C", folder] + options + arguments, environment: environment(ProcessInfo.processInfo.environment),
            output: fileno(output), errors: fileno(words))
        let process: ChildProcess
        switch started {
        case .success(let child): process = child
        case .failure(let failure):
            let reason = String(cString: strerror(failure.number))
            throw GitError(
                .cannotRun,
                failure.number == ENOENT ? "`git` is not installed" : "`git` cannot be run: \(reason)", words: nil)
        }
        leash?.hold(process.id)
        process.awaitEnd()
        let pulled = leash?.release()
        guard process.takeAway() == .exited(code: 0) else {
            let command = "git \(arguments.first ?? "")"
            let text = GitWords.read(words, hiding: secrets)
            switch pulled {
            case .tooLong(let limit):
                throw GitError(.tookTooLong, "\(command) was not done after \(limit), and was ended", words: text)
            case .unwanted: throw GitError(.unwanted, "\(command) was stopped", words: nil)
            case nil: throw GitError(.refused, "\(command) failed", words: text)
            }
        }
        let written = FileHandle(fileDescriptor: fileno(output), closeOnDealloc: false)
        do {
            try written.seek(toOffset: 0)
            return Result(output: try written.readToEnd() ?? Data())
        } catch {
            throw GitError(.cannotRun, "What git has written cannot be read: \(error.localizedDescription)", words: nil)
        }
    }

    /// What git gets of our environment: its words are shown as they are, it neither asks a person nor takes locks, and
    /// which repository it works upon is said by the folder alone.
    private static func environment(_ inherited: [String: String]) -> [String: String] {
        var environment = inherited
        for name in [
            "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_PREFIX",
        ] { environment[name] = nil }
        environment["LC_ALL"] = "C"
        environment["GIT_OPTIONAL_LOCKS"] = "0"
        environment["GIT_TERMINAL_PROMPT"] = "0"
        // What ssh would ask a person is denied, whether there is a terminal or not.
        environment["SSH_ASKPASS"] = "false"
        environment["SSH_ASKPASS_REQUIRE"] = "force"
        environment["GIT_ALLOW_PROTOCOL"] = "file:http:https:ssh"
        return environment
    }
}
