import Foundation

/// A program that we have started.
///
/// Not Foundation's `Process`: where many files are open, its `run` reads beyond the entries of /proc/self/fd and ends the
/// program with signal 11 (swift-corelibs-foundation #5472), and what it starts inherits that our threads block signals,
/// and so cannot be ended politely.
struct ChildProcess {
    /// Also of its process group: it has a session of its own, so that nothing in it can ask at our terminal.
    let id: pid_t

    /// - Parameters:
    ///   - arguments: the first one is the program, looked for along `PATH`.
    ///   - input: what it reads; nothing if it is `nil`.
    ///   - output: where it writes to; so with `errors`.
    /// - Returns: `nil`, with the system's number of the error, if it cannot be started.
    static func start(
        _ arguments: [String], environment: [String: String], input: Int32? = nil, output: Int32, errors: Int32
    ) -> Result<ChildProcess, StartFailure> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        for descriptor in openDescriptors() { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // The last one is POSIX_SPAWN_SETSID.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80))
        var words = arguments.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for text in words + variables { free(text) }
        }
        var id: pid_t = 0
        OrphanReaper.reap()
        let error = posix_spawnp(&id, arguments.first ?? "", &actions, &attributes, &words, &variables)
        if error == 0 { OrphanReaper.adopt(group: id) }
        return error == 0 ? .success(ChildProcess(id: id)) : .failure(StartFailure(number: error))
    }

    /// All but the three of every program: what is not ours alone would stay open until the child ends.
    private static func openDescriptors() -> [Int32] {
        guard let folder = opendir("/proc/self/fd"), let offset = MemoryLayout<dirent>.offset(of: \.d_name) else {
            return []
        }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            // Not by way of the field, which is longer than the name and the memory behind it.
            let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
            if let descriptor = Int32(String(cString: name)), descriptor > 2 { found.append(descriptor) }
        }
        return found
    }

    struct StartFailure: Error {
        /// `ENOENT` and the like.
        let number: Int32

        /// What to tell a person, without a full stop.
        func sentence(about program: String) -> String {
            switch number {
            case ENOENT: "`\(program)` is not installed"
            case EAGAIN, ENOMEM:
                "`\(program)` cannot be started: this machine or container allows no more processes or memory "
                    + "(`ulimit -u`, the limit of pids)"
            default: "`\(program)` cannot be run: \(String(cString: strerror(number)))"
            }
        }
    }

    /// Waits for its end, and leaves it there: its number stands for it until it is taken away.
    func awaitEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }

    /// How it ended.
    enum Ending: Hashable {
        case exited(code: Int32)
        case killed(signal: Int32)
    }

    /// Takes away what is left of it, once it has ended.
    func takeAway() -> Ending {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        OrphanReaper.ended(group: id)
        let signal = status & 0x7F
        return signal == 0 ? .exited(code: (status >> 8) & 0xFF) : .killed(signal: signal)
    }
}
