import Synchronization

/// Tells all who wait that the state has changed. It says nothing of what: they look at the state again.
public final class Wakeup: Sendable {
    private struct Listeners {
        var next = 0
        var continuations: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let listeners = Mutex(Listeners())

    public init() {}

    public func notify() {
        listeners.withLock { listeners in
            for continuation in listeners.continuations.values {
                continuation.yield()
            }
        }
    }

    /// A stream with an element for what has happened since the last one; many calls of `notify` may be one element.
    public func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = listeners.withLock { listeners in
            listeners.next += 1
            listeners.continuations[listeners.next] = continuation
            return listeners.next
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.listeners.withLock { $0.continuations.removeValue(forKey: number) }
        }
        return stream
    }
}
