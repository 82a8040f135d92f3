import HTTPTypes
import Hummingbird
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

/// Counts who was turned away, and why.
final class RefusalTally: Sendable {
    enum Reason: String, CaseIterable {
        case wrongToken = "wrong token"
        case noToken = "no token"
        case wrongHost = "wrong host"
        case forged = "forged form"
        case tooLarge = "too large"
        case malformed
    }

    private let counts = Mutex<[Reason: Int]>([:])

    func add(_ reason: Reason) { counts.withLock { $0[reason, default: 0] += 1 } }

    var current: [Reason: Int] { counts.withLock { $0 } }
}
