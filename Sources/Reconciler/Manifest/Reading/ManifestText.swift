import Foundation

/// The bytes of a manifest: a file that is read piece by piece, or a text in memory.
///
/// A file is never mapped: it may be cut short by someone else while it is read, and what is mapped and gone kills
/// the process.
final class ManifestText: Sendable {
    private enum Content {
        case file(descriptor: CInt)
        case memory(Data)
    }

    private let content: Content
    /// In bytes, as of the opening.
    let size: Int

    init(_ data: Data) {
        content = .memory(data)
        size = data.count
    }

    /// - Throws: `ReadFailure`
    init(file path: String) throws(ReadFailure) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw .absent
            case ELOOP: throw .circularLink
            // A socket, or a FIFO that nobody writes to.
            case ENXIO, ENODEV: throw .notAFile
            case let number: throw .system(number)
            }
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let number = errno
            close(descriptor)
            throw .system(number)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notAFile
        }
        content = .file(descriptor: descriptor)
        size = Int(status.st_size)
    }

    deinit {
        if case .file(let descriptor) = content { close(descriptor) }
    }

    /// Fills the buffer from `offset` on; returns how many bytes there were, 0 at the end, `nil` if reading failed.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        switch content {
        case .memory(let data):
            let count = min(buffer.count, max(0, data.count - offset))
            guard count > 0 else { return 0 }
            return data.withUnsafeBytes { bytes in
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
                return count
            }
        case .file(let descriptor):
            while true {
                let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
                if count >= 0 { return count }
                guard errno == EINTR else { return nil }
            }
        }
    }

    /// The bytes from `offset` on, at most `count`; fewer at the end or if reading fails.
    func bytes(at offset: Int, count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                guard let read = read(at: offset + filled, into: rest), read > 0 else { return }
                filled += read
            }
        }
    }

    /// Whether a file has still the size that it had when it was opened.
    var hasKeptItsSize: Bool {
        guard case .file(let descriptor) = content else { return true }
        var status = stat()
        return fstat(descriptor, &status) == 0 && Int(status.st_size) == size
    }
}
