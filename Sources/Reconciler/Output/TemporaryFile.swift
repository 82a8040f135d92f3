import Foundation

/// Files without a name, in the folder that TMPDIR names.
enum TemporaryFile {
    /// - Returns: `nil` if none can be made; `errno` says why.
    static func open() -> UnsafeMutablePointer<FILE>? {
        let path = "\(folder)/profilectl-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        let flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC
        let descriptor = Foundation.open(path, flags, 0o600)
        guard descriptor >= 0 else { return nil }
        unlink(path)
        guard let file = fdopen(descriptor, "w+") else {
            close(descriptor)
            return nil
        }
        return file
    }

    /// The folder for what lasts no longer than the process.
    static var folder: String {
        let named = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
        return named.isEmpty ? "/tmp" : named
    }
}
