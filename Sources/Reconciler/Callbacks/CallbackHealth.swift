import Foundation
import NIOCore
import Synchronization

/// Whether the carrier's deliveries reach us: what was refused since the last accepted one, and the certificate that they
/// are to trust.
public final class CallbackHealth: Sendable {
    /// A refused delivery, or a connection that ended before one.
    struct Refusal: Hashable, Sendable {
        let reason: RefusalCounts.Reason
        /// The client's address.
        let client: String
        let at: Timestamp
    }

    private struct State {
        var refused = 0
        var latest: Refusal?
        var certificate: CallbackCertificate?
        /// The host that the carrier calls, where TLS is ours.
        var host: String?
    }

    private let state = Mutex(State())

    /// Fewer may be a stranger's.
    private static let fewestRefusals = 3
    /// What was refused longer ago says nothing of today's settings.
    fileprivate static let memory = Duration.seconds(3600)

    public init() {}

    func accept() {
        state.withLock { state in
            state.refused = 0
            state.latest = nil
        }
    }

    /// - Parameter allowed: the addresses that may connect, if there is a list.
    func refuse(
        _ reason: RefusalCounts.Reason, from client: SocketAddress?, at now: Timestamp, allowed: AllowedClients?
    ) {
        guard reason.isOfDelivery, Self.mayBeCarrier(client, allowed) else { return }
        let refusal = Refusal(reason: reason, client: client?.ipAddress ?? "an unknown address", at: now)
        state.withLock { state in
            if let latest = state.latest, !latest.isRecent(at: now) { state.refused = 0 }
            state.refused += 1
            state.latest = refusal
        }
    }

    func use(_ certificate: CallbackCertificate?, for host: String?) {
        state.withLock { state in
            state.certificate = certificate
            state.host = host
        }
    }

    /// Why deliveries do not reach us, in a few words each that anybody may read.
    public func problems(at now: Timestamp) -> [String] {
        let state = state.withLock { $0 }
        var problems: [String] = []
        if let problem = state.certificate?.problem(for: state.host, at: now) { problems.append(problem) }
        if let latest = state.latest, latest.isRecent(at: now), state.refused >= Self.fewestRefusals {
            problems.append(
                "the last \(state.refused) deliveries of callbacks were all refused (\(latest.reason.words), "
                    + "last from \(latest.client))")
        }
        return problems
    }

    /// Strangers try every address of the internet: only who may be the carrier, or a proxy before us, counts.
    private static func mayBeCarrier(_ client: SocketAddress?, _ allowed: AllowedClients?) -> Bool {
        AllowedClients.neighbours.contains(client) || AllowedClients.carrier.contains(client)
            || allowed?.contains(client) == true
    }
}

extension CallbackHealth.Refusal {
    fileprivate func isRecent(at now: Timestamp) -> Bool { at <= now && now <= at + CallbackHealth.memory }
}

extension RefusalCounts.Reason {
    /// Whether what was refused may have been a delivery.
    fileprivate var isOfDelivery: Bool {
        switch self {
        case .wrongClient, .wrongPath, .tooLarge, .malformed, .wrongCredentials, .failedHandshake: true
        case .otherRequest, .overloaded, .crowdedOut: false
        }
    }

    fileprivate var words: String {
        switch self {
        case .wrongClient: "the address is not in callbacks.allow"
        case .wrongPath: "not the path of callbacks.url"
        case .otherRequest: "not a POST"
        case .tooLarge: "too large"
        case .malformed: "not a JSON message"
        case .wrongCredentials: "not the callback user name and password"
        case .failedHandshake: "no TLS handshake"
        case .overloaded: "too much at the same time"
        case .crowdedOut: "too many connections"
        }
    }
}
