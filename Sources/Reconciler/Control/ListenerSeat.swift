import Foundation
import NIOCore

/// Listens for callbacks, together with all runs on the same store that listen at the same address.
///
/// Whoever receives a callback keeps it in the store, where all runs find it. So runs over different profile sets need
/// no more than one registered endpoint between them.
///
/// They hold one and the same socket: who comes later asks one of those that listen for it (`SocketOffer`). So there is
/// no moment at which nobody listens, whichever of them ends and however: a connection that nobody has taken yet waits
/// in the socket, which lives as long as one process holds it. A killed process takes with it the connections that it
/// had taken and not answered; the carrier sends their messages again.
///
/// Sockets that each process binds for itself (`SO_REUSEPORT`) would not do. The system deals connections out between
/// them, and those of a socket that is closed before they were taken are lost. And a process on another store could bind
/// the same address, and keep, and acknowledge, what is meant for this one; here it finds the address taken.
struct ListenerSeat: Sendable {
    let listener: CallbackListener
    let configuration: CallbackListenerConfiguration
    let lock: RunLock
    let clock: any WallClock

    /// How often to look again while the address is taken, and nobody gives the socket.
    private static let pollInterval = Duration.milliseconds(100)
    /// The same once it is known who listens there, and keeps what comes for all: that may last for months.
    private static let seatedInterval = Duration.seconds(1)
    /// The other run may have begun to listen and not have said so yet, or have ended and not have closed its socket.
    private static let patience = Duration.seconds(3)

    /// - Parameters:
    ///   - stop: ends the listening after its first change.
    ///   - reload: has the certificate read again at each change.
    ///   - onListening: told the port once callbacks can come, to this process or to another one.
    /// - Throws: an error of the socket, `StateStoreError`, `CancellationError`
    func run(
        until stop: Wakeup, reload: Wakeup, onListening: @escaping @Sendable (Int) -> Void
    ) async throws {
        var giveUpAt = clock.now() + Self.patience
        var interval = Self.pollInterval
        while stop.count == 0 {
            do {
                let socket =
                    try await socketOfOtherRun()
                    ?? ListeningSocket(
                        host: configuration.host, port: configuration.port)
                return try await listen(on: socket, until: stop, reload: reload, onListening)
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                if clock.now() >= giveUpAt {
                    guard try await !lock.otherRuns(listeningAt: address).isEmpty else { throw error }
                    // An earlier version keeps what comes for all, and gives its socket to nobody; so does one that
                    // would do something else with a call, with another password for one.
                    onListening(configuration.port)
                    giveUpAt = clock.now() + Self.patience
                    interval = Self.seatedInterval
                }
            }
            let waiter = StateWaiter(clock: clock, wakeup: stop, pollInterval: interval)
            try await waiter.change(after: 0, until: clock.now() + interval)
        }
    }

    private func listen(
        on socket: ListeningSocket, until stop: Wakeup, reload: Wakeup, _ onListening: @escaping @Sendable (Int) -> Void
    ) async throws {
        let offer = SocketOffer(socket, as: offerName(of: lock.holder))
        // In this order: who is given no socket any more finds the address free.
        defer { withExtendedLifetime(offer) { socket.close() } }
        try await listener.run(
            on: socket, until: stop, reload: reload,
            othersListen: { (try? await !lock.otherRuns(listeningAt: address).isEmpty) ?? true }
        ) { port in
            // Who cannot be told of it listens for itself, and finds the address taken.
            try? await lock.announce(listensAt: address)
            onListening(port)
        }
    }

    private func socketOfOtherRun() async throws -> ListeningSocket? {
        // A port that the system chooses is nobody else's.
        guard configuration.port != 0 else { return nil }
        for holder in Set(try await lock.otherRuns(listeningAt: address).map(\.holder)) {
            if let socket = await SocketOffer.take(offerName(of: holder)) { return socket }
        }
        return nil
    }

    private func offerName(of holder: String) -> SocketOfferName {
        let tls = configuration.tls.map { [$0.certificate, $0.key] } ?? []
        let allowed = configuration.allowed.map { "\($0)" } ?? "everybody"
        return SocketOfferName([holder, address, configuration.credentials.password, allowed] + tls)
    }

    /// Where callbacks are listened for and what they must carry: a run with other credentials would refuse ours.
    private var address: String {
        "\(configuration.host):\(configuration.port)\(configuration.path) as \(configuration.credentials.username)"
    }
}
