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
        try run(arguments, options: options, in: folder, access: .local, secrets: [], leash: nil)
    }

    /// Runs git on a thread of its own, to its end or until the time is up or the task is cancelled.
    ///
    /// - Parameters:
    ///   - access: what it may reach.
    ///   - secrets: what must not be seen in an error.
    /// - Throws: `GitError`
    static func run(
        _ arguments: [String], options: [String], in folder: String, access: GitAccess, secrets: [String],
        limit: Duration
    ) async throws(GitError) -> Result {
        let leash = GitLeash(limit: limit)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Swift.Result<Result, GitError>, Never>) in
                Thread.detachNewThread {
                    do throws(GitError) {
                        let result = try run(
                            arguments, options: options, in: folder, access: access, secrets: secrets, leash: leash)
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
        _ arguments: [String], options: [String], in folder: String, access: GitAccess, secrets: [String],
        leash: GitLeash?
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
            ["git", "-C", folder] + access.options + options + arguments,
            environment: access.environment(from: ProcessInfo.processInfo.environment), output: fileno(output),
            errors: fileno(words))
        let process: ChildProcess
        switch started {
        case .success(let child): process = child
        case .failure(let failure): throw GitError(.cannotRun, failure.sentence(about: "git"), words: nil)
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
            case nil where text.map(GitWords.sayThatNothingStarts) == true:
                throw GitError(
                    .cannotRun,
                    "\(command) could not start a program that it needs: this machine or container allows no more "
                        + "processes (`ulimit -u`, the limit of pids)", words: text)
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
}
