import Foundation

/// Writes a file that a person has named, and replaces nothing that they cannot have meant.
///
/// A regular file of ours is replaced, all or nothing: the new one takes the name when it is complete and on disk. A
/// device, or a pipe of ours, is written to. Everything else (a link, a folder, another user's file) is refused.
struct OutputFile {
    private let path: String
    private let mode: mode_t
    private let target: Target

    private enum Target {
        /// - Parameter mode: of the file that is there.
        case file(mode: mode_t?)
        case stream
    }

    /// Why a path cannot be written to, as the rest of a sentence that begins with it.
    struct Refusal: Error, Hashable {
        let reason: String
    }

    /// - Parameters:
    ///   - mode: of a file that is made, before the user's umask.
    ///   - keepsMode: whether a file that is replaced passes its mode on.
    /// - Throws: `Refusal` if something is there that is not replaced.
    init(_ path: String, mode: mode_t, keepsMode: Bool = false) throws(Refusal) {
        self.path = path
        self.mode = mode
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw Refusal(reason: "cannot be written: \(Self.systemReason)") }
            target = .file(mode: nil)
            return
        }
        let isOurs = status.st_uid == geteuid()
        if status.st_mode & S_IFMT == S_IFLNK {
            // `/dev/stdout` leads to a terminal or a pipe.
            var end = stat()
            guard stat(path, &end) == 0, Self.isStream(end, isOurs: end.st_uid == geteuid()) else {
                throw Refusal(reason: "is a link, and a link is not replaced. Name the file that is meant.")
            }
            target = .stream
        } else if Self.isStream(status, isOurs: isOurs) {
            target = .stream
        } else if status.st_mode & S_IFMT != S_IFREG {
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "no regular file, or belongs to another user"
            throw Refusal(reason: "is \(kind), and is not replaced. Name another file.")
        } else if !isOurs {
            throw Refusal(
                reason:
                    "belongs to another user (\(status.st_uid)), and is not replaced. Name another file, or have it "
                    + "removed.")
        } else {
            target = .file(mode: keepsMode ? status.st_mode & 0o777 : nil)
        }
    }

    /// Whether it is a regular file that is there now.
    static func isRegular(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func isStream(_ status: stat, isOurs: Bool) -> Bool {
        switch status.st_mode & S_IFMT {
        case S_IFCHR: true
        case S_IFIFO: isOurs
        default: false
        }
    }

    /// - Parameter body: given what writes a piece.
    /// - Throws: `Refusal`
    func write(_ body: ((([UInt8]) throws -> Void)) throws -> Void) throws(Refusal) {
        switch target {
        case .stream:
            let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
            guard descriptor >= 0 else { throw Refusal(reason: "cannot be written: \(Self.systemReason)") }
            defer { close(descriptor) }
            try fill(descriptor, by: body)
        case .file(let existing): try replace(mode: existing, by: body)
        }
    }

    private func replace(mode existing: mode_t?, by body: ((([UInt8]) throws -> Void)) throws -> Void) throws(Refusal) {
        // Nobody else can know the name, and what has it already is not opened.
        let draft = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).part"
        let descriptor = open(draft, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Refusal(reason: "cannot be written: \(Self.systemReason)") }
        do throws(Refusal) {
            defer { close(descriptor) }
            if let existing, fchmod(descriptor, existing) != 0 { throw failed() }
            try fill(descriptor, by: body)
            if fsync(descriptor) != 0 { throw failed() }
        } catch {
            unlink(draft)
            throw error
        }
        guard rename(draft, path) == 0 else {
            let failure = failed()
            unlink(draft)
            throw failure
        }
    }

    private func fill(
        _ descriptor: Int32, by body: ((([UInt8]) throws -> Void)) throws -> Void
    ) throws(Refusal) {
        do {
            try body { bytes in
                if let error = Descriptor.write(bytes, to: descriptor) { throw Self.failure(error) }
            }
        } catch let error as Refusal {
            throw error
        } catch {
            throw Refusal(reason: "cannot be written: \(error)")
        }
    }

    private func failed() -> Refusal { Self.failure(errno) }

    private static func failure(_ number: Int32) -> Refusal {
        Refusal(reason: "cannot be written: \(String(cString: strerror(number))).")
    }

    private static var systemReason: String { String(cString: strerror(errno)) + "." }
}
