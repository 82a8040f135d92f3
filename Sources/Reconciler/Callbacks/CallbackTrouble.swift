import Foundation

/// Why the carrier's callbacks do not get to us although we listen: pure decisions.
public struct CallbackTrouble: Hashable, Sendable {
    /// What stays the same for as long as the same is wrong.
    var condition: String { summary.prefix { $0 != "(" }.description }
    /// In a few words that anybody may read.
    let summary: String
    /// What is wrong and what to do, as sentences.
    let text: String

    // MARK: The certificate

    /// What is wrong with the certificate by which callbacks are taken.
    ///
    /// - Parameters:
    ///   - chain: the certificates of the file, our own first.
    ///   - host: that the carrier calls; `nil` if that is not known.
    ///   - isPublic: whether who calls goes by the public authorities, whose certificates never come without a chain.
    static func ofCertificate(
        _ chain: [CertificateFacts], file: String, host: String?, isPublic: Bool, at now: Timestamp
    ) -> [CallbackTrouble] {
        guard let own = chain.first else { return [] }
        var troubles: [CallbackTrouble] = []
        func add(_ summary: String, _ text: String) {
            troubles.append(
                CallbackTrouble(
                    summary: "the certificate for callbacks \(summary)",
                    text:
                        "The certificate for callbacks (\(file)) \(text) The carrier refuses to call. Replace it; it is "
                        + "read again by itself."))
        }
        if own.notAfter < now { add("is expired", "has expired at \(own.notAfter).") }
        if own.notBefore > now {
            add("is not valid yet", "is valid from \(own.notBefore) on; look at the clock as well.")
        }
        if let host, !own.hosts.contains(where: { covers($0, host.lowercased()) }) {
            let names = own.hosts.isEmpty ? "no host" : own.hosts.prefix(5).joined(separator: ", ").excerpt(limit: 200)
            add("is for another host", "is for \(names), and callbacks.url names \(host).")
        }
        if isPublic, !own.issuer.isEmpty, !chain.contains(where: { $0.subject == own.issuer }) {
            add(
                "comes without its chain",
                "comes without the certificate of its issuer, which belongs behind it in the file.")
        }
        return troubles
    }

    static func unreadableCertificate(_ file: String) -> CallbackTrouble {
        CallbackTrouble(
            summary: "the certificate for callbacks cannot be read",
            text: "The certificate for callbacks (\(file)) cannot be read. The one before stays in use as long as this "
                + "process runs; put it right before the next start.")
    }

    /// Whether a name of a certificate covers a host: `*` stands for the first part of a name.
    private static func covers(_ name: String, _ host: String) -> Bool {
        if name == host { return true }
        guard name.hasPrefix("*."), let dot = host.firstIndex(of: ".") else { return false }
        return host[dot...] == name.dropFirst()
    }

    // MARK: Refusals

    /// What is wrong where all that comes is refused.
    ///
    /// - Parameters:
    ///   - counts: of refusals since the last callback that was kept, by reason.
    ///   - isSilent: whether callbacks are overdue. Strangers call as well, and are refused for good.
    static func ofRefusals(_ counts: [String: Int64], since: Timestamp, isSilent: Bool) -> CallbackTrouble? {
        let counted = counts.filter { $0.value > 0 && (isSilent || $0.key == wrongCredentials) }
        guard !counted.isEmpty else { return nil }
        let reasons = counted.sorted { $0.key < $1.key }.map { "\(Self.words[$0.key] ?? $0.key): \($0.value)" }
        let remedies = counted.keys.sorted().compactMap { Self.remedies[$0] }.joined(separator: " ")
        return CallbackTrouble(
            summary: "every callback is refused (\(reasons.joined(separator: ", ")))",
            text: "Since \(since) every callback was refused (\(reasons.joined(separator: ", "))). \(remedies)")
    }

    private static let wrongCredentials = RefusalCounts.Reason.wrongCredentials.rawValue

    private static let words = [
        wrongCredentials: "wrong user name or password",
        RefusalCounts.Reason.wrongClient.rawValue: "address not allowed",
        RefusalCounts.Reason.wrongPath.rawValue: "wrong path", RefusalCounts.Reason.tooLarge.rawValue: "too large",
        RefusalCounts.Reason.malformed.rawValue: "malformed", RefusalCounts.Reason.overloaded.rawValue: "overloaded",
    ]

    private static let remedies = [
        wrongCredentials:
            "Have the user name and password of now registered: `profilectl callbacks register`.",
        RefusalCounts.Reason.wrongClient.rawValue:
            "Compare callbacks.allow with the addresses that the calls come from; behind a proxy that is the proxy's.",
        RefusalCounts.Reason.wrongPath.rawValue:
            "Compare callbacks.url with what a proxy on the way makes of it.",
    ]
}

/// Which refusals there were since the last callback that was kept: pure, from the counters of the store.
struct CallbackRefusals: Sendable {
    private var counters: [String: Int64]?
    private(set) var standing: [String: Int64] = [:]
    private(set) var since: Timestamp?

    /// - Parameters:
    ///   - counters: all that the store holds.
    ///   - hasKept: whether a callback was kept since the last look.
    mutating func note(counters all: [String: Int64], hasKept: Bool, at now: Timestamp) {
        let counters = all.filter { $0.key.hasPrefix("callbacks.") }
        defer { self.counters = counters }
        // What was before this process says nothing of it.
        guard let before = self.counters, !hasKept else {
            standing = [:]
            since = nil
            return
        }
        for (name, count) in counters {
            let (more, overflows) = count.subtractingReportingOverflow(before[name] ?? 0)
            guard more > 0, !overflows else { continue }
            standing[name] = (standing[name] ?? 0).addingReportingOverflow(more).partialValue
            since = since ?? now
        }
    }
}
