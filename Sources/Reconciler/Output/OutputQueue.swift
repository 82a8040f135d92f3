import Dispatch
import Foundation
import Synchronization

/// What is to be written to a stream that others read, behind one another and by a thread of its own: whoever adds a
/// piece never waits for those who read. When they do not keep up, pieces are dropped and counted.
public final class OutputQueue: Sendable {
    private struct State {
        var pieces: [[UInt8]] = []
        /// Of the pieces that are not written yet.
        var size = 0
        var dropped = 0
        var hasThread = false
        var waiters: [DispatchSemaphore] = []
    }

    private let limit: Int
    private let write: @Sendable ([UInt8]) -> Void
    private let remark: @Sendable (Int) -> [UInt8]
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - limit: how many bytes may wait.
    ///   - remark: says how many pieces were dropped; it stands where they are missing.
    ///   - write: may take as long as it will.
    public init(
        limit: Int = 1 << 20, remark: @escaping @Sendable (Int) -> [UInt8], write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.limit = limit
        self.remark = remark
        self.write = write
    }

    /// Adds a piece, or drops it if too much is waiting.
    public func add(_ piece: [UInt8]) {
        let needsThread = state.withLock { state -> Bool? in
            guard state.size == 0 || state.size + piece.count <= limit else {
                state.dropped += 1
                return nil
            }
            state.pieces.append(piece)
            state.size += piece.count
            defer { state.hasThread = true }
            return !state.hasThread
        }
        guard let needsThread else { return }
        work.signal()
        if needsThread { Thread.detachNewThread { self.writeForever() } }
    }

    /// Waits until all is written that was added so far, but no longer than `patience`.
    /// - Returns: whether all was written.
    @discardableResult
    public func drain(within patience: Duration) -> Bool {
        let written = DispatchSemaphore(value: 0)
        let isEmpty = state.withLock { state in
            if state.size > 0 || state.dropped > 0 { state.waiters.append(written) }
            return state.size == 0 && state.dropped == 0
        }
        guard !isEmpty else { return true }
        return written.wait(timeout: .now() + .milliseconds(Int(clamping: patience.wholeMilliseconds))) == .success
    }

    private func writeForever() {
        while true {
            work.wait()
            let (pieces, dropped) = state.withLock { state in
                defer {
                    state.pieces = []
                    state.dropped = 0
                }
                return (state.pieces, state.dropped)
            }
            for piece in pieces {
                write(piece)
                state.withLock { $0.size -= piece.count }
            }
            if dropped > 0 { write(remark(dropped)) }
            let waiters = state.withLock { state -> [DispatchSemaphore] in
                guard state.size == 0 else { return [] }
                // Nothing follows that would have them said.
                guard state.dropped == 0 else {
                    work.signal()
                    return []
                }
                defer { state.waiters = [] }
                return state.waiters
            }
            waiters.forEach { $0.signal() }
        }
    }
}

/// Writes to a descriptor of the process.
public enum Descriptor {
    /// Writes all of it, and waits for those who read.
    /// - Returns: the number of the error that ended it, `nil` if all was written.
    public static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                written += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Another process that has the same terminal or pipe may have set it not to wait.
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Foundation.poll(&poll, 1, -1)
            case let error: return error
            }
        }
        return nil
    }
}
