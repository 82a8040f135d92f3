import Foundation
import NIOCore

/// Listens for callbacks, or leaves that to another run on the same store that listens at the same address, and takes
/// over when that one ends.
///
/// Whoever receives a callback keeps it in the store, where all runs find it. So runs over different profile sets need
/// no more than one registered endpoint between them.
struct ListenerSeat: Sendable {
    let listener: CallbackListener
    let configuration: CallbackListenerConfiguration
    let lock: RunLock
    let clock: any WallClock

    /// How often to look whether the address has become free: callbacks that come meanwhile are sent again by the
    /// carrier.
    private static let pollInterval = Duration.milliseconds(500)
    /// The other run may have begun to listen and not have said so yet, or have ended and not have closed its socket.
    private static let patience = Duration.seconds(3)

    /// - Parameters:
    ///   - stop: ends the listening after its first change.
    ///   - reload: has the certificate read again at each change.
    ///   - onListening: told the port once callbacks can come, to this process or to the other one.
    /// - Throws: an error of the socket, `StateStoreError`, `CancellationError`
    func run(
        until stop: Wakeup, reload: Wakeup, onListening: @escaping @Sendable (Int) -> Void
    ) async throws {
        var giveUpAt = clock.now() + Self.patience
        while stop.count == 0 {
            do {
                return try await listener.run(until: stop, reload: reload) { port in
                    // Who cannot be told of it listens for itself, and finds the address taken.
                    try? await lock.announce(listensAt: address)
                    onListening(port)
                }
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                if try await lock.otherRun(listeningAt: address) != nil {
                    onListening(configuration.port)
                    giveUpAt = clock.now() + Self.patience
                } else if clock.now() >= giveUpAt {
                    throw error
                }
            }
            let waiter = StateWaiter(clock: clock, wakeup: stop, pollInterval: Self.pollInterval)
            try await waiter.change(after: 0, until: clock.now() + Self.pollInterval)
        }
    }

    /// Where callbacks are listened for and what they must carry: a run with other credentials would refuse ours.
    private var address: String {
        "\(configuration.host):\(configuration.port)\(configuration.path) as \(configuration.credentials.username)"
    }
}
