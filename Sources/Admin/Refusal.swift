import HTTPTypes
import Hummingbird
import Logging
import Synchronization

/// Why a request is not answered as asked.
struct Refusal: Error, Sendable {
    let status: HTTPResponse.Status
    /// A sentence for whoever asked.
    let detail: String
    var headers = HTTPFields()

    init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
        self.status = status
        self.detail = detail
        self.headers = headers
    }

    static func badRequest(_ detail: String) -> Self { Self(.badRequest, detail) }

    static func notFound(_ detail: String = "There is nothing under this address.") -> Self {
        Self(.notFound, detail)
    }

    /// A problem document (RFC 9457).
    var problem: Problem { Problem(title: status.reasonPhrase, status: status.code, detail: detail) }

    struct Problem: Encodable {
        let title: String
        let status: Int
        let detail: String
    }
}

/// Counts who was turned away, and why: a flood of bad calls costs no line in the log each.
final class RefusalTally: Sendable {
    enum Reason: String, CaseIterable {
        case wrongToken = "wrong token"
        case noToken = "no token"
        case wrongHost = "wrong host"
        case forged = "forged form"
        case tooLarge = "too large"
        case malformed
        case crowdedOut = "too many connections"
        case tooManySignIns = "too many sign-ins"
        case failedHandshake = "failed handshake"
    }

    private struct Counts {
        var all: [Reason: Int] = [:]
        /// Not in the log yet.
        var fresh: [Reason: Int] = [:]
    }

    private let counts = Mutex(Counts())

    func add(_ reason: Reason) {
        counts.withLock { counts in
            counts.all[reason, default: 0] += 1
            counts.fresh[reason, default: 0] += 1
        }
    }

    /// Since the start.
    var current: [Reason: Int] { counts.withLock(\.all) }

    /// Tells the log what came since the last time.
    func tell(_ logger: Logger) {
        let fresh = counts.withLock { counts in
            defer { counts.fresh = [:] }
            return counts.fresh
        }
        guard !fresh.isEmpty else { return }
        logger.warning(
            "Requests to the admin endpoint were refused",
            metadata: Logger.Metadata(
                uniqueKeysWithValues: fresh.map { ($0.key.rawValue, .stringConvertible($0.value)) }))
    }
}
