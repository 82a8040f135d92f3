import Foundation
import NIOCore
import Synchronization

/// Takes the connections that come to a listening socket.
///
/// NIO's server channel is not made for a socket that another process takes connections from: where the system says
/// that there is one, and the other process was faster, it stops the program (in debug builds).
final class ListeningDoor: Sendable {
    let arrivals: AsyncStream<Arrival>

    /// A connection that was taken. One that nobody serves, because the serving was cut off, is closed.
    final class Arrival: Sendable {
        private let descriptor: Atomic<CInt>

        fileprivate init(_ descriptor: CInt) {
            self.descriptor = Atomic(descriptor)
        }

        /// The descriptor, for one who closes it; `nil` if it was taken before.
        func take() -> CInt? {
            let taken = descriptor.exchange(-1, ordering: .relaxed)
            return taken >= 0 ? taken : nil
        }

        deinit { if let descriptor = take() { Foundation.close(descriptor) } }
    }

    // Made to be used from any thread, which its protocol does not say.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// So many are taken before others have a turn.
    private static let mostAtOnce = 64

    /// - Parameters:
    ///   - pause: says before each connection how long no more are to be taken, which wait in the socket then; `nil` for
    ///     not at all.
    ///   - onTaken: told of each that was.
    /// - Throws: `IOError`
    init(
        _ socket: ListeningSocket, pause: @escaping @Sendable () -> TimeAmount? = { nil },
        onTaken: @escaping @Sendable () -> Void = {}
    ) throws {
        let descriptor = try socket.duplicate()
        let (arrivals, continuation) = AsyncStream.makeStream(of: Arrival.self)
        self.arrivals = arrivals
        let queue = DispatchQueue(label: "profilectl.connections")
        // As below.
        nonisolated(unsafe) let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        self.source = source
        source.setEventHandler {
            for _ in 0..<Self.mostAtOnce {
                if let time = pause() {
                    return ConnectionAcceptance.pause(
                        source, for: .nanoseconds(Int(clamping: time.nanoseconds)), on: queue)
                }
                switch ConnectionAcceptance(of: descriptor) {
                case .connection(let connection):
                    _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                    onTaken()
                    continuation.yield(Arrival(connection))
                case .interrupted: continue
                case .nothing: return
                case .outOfResources: return ConnectionAcceptance.pause(source, on: queue)
                }
            }
        }
        source.setCancelHandler {
            Foundation.close(descriptor)
            continuation.finish()
        }
        source.resume()
    }

    deinit { close() }

    /// Takes no more connections; those that were taken before still arrive.
    func close() { source.cancel() }
}
