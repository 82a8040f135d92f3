/// What an account is known to take in one call: learned from refusals, and kept so that none of them is met again soon.
///
/// What was learned ages: one bad hour of the carrier's would make all later rollouts slow otherwise. With each day that has
/// passed since the latest refusal the next larger size is tried; where that is refused, one call was made in vain.
public struct AccountLimits: Hashable, Sendable {
    public let account: AccountName
    /// The most devices in one request for an action, when it was learned; `nil` while none was refused as too large.
    public private(set) var actionBatch: Int?
    /// The most devices in the filter of a v2 list, when it was learned.
    public private(set) var listBatch: Int?
    /// The largest page of a v1 list, when it was learned.
    public private(set) var pageSize: Int?
    /// When the latest of these was learned.
    public private(set) var learnedAt: Timestamp
    /// When the carrier said that it does not offer the status of requests to the account; `nil` if it never did.
    public private(set) var noRequestStatusAt: Timestamp?

    /// The documented limits; smaller ones were seen (`thingspace.md`, sections 2.3, 4.1 and 4.2).
    public static let largestPage = 2000
    public static let largestListBatch = 50
    public static let largestActionBatch = 200
    /// After so long twice the size is tried.
    static let growsAfter = Duration.seconds(24 * 3600)
    /// So long the status of requests is not asked for where the carrier does not offer it.
    static let requestStatusRest = Duration.seconds(7 * 24 * 3600)

    private static let pageSizes = [largestPage, 500, 100]

    /// Numbers that no limit can be count as unknown.
    public init(
        account: AccountName, actionBatch: Int? = nil, listBatch: Int? = nil, pageSize: Int? = nil,
        learnedAt: Timestamp = Timestamp(milliseconds: 0), noRequestStatusAt: Timestamp? = nil
    ) {
        self.account = account
        self.actionBatch = actionBatch.flatMap { 1...Self.largestActionBatch ~= $0 ? $0 : nil }
        self.listBatch = listBatch.flatMap { 1...Self.largestListBatch ~= $0 ? $0 : nil }
        self.pageSize = pageSize.flatMap { 1...Self.largestPage ~= $0 ? $0 : nil }
        self.learnedAt = learnedAt
        self.noRequestStatusAt = noRequestStatusAt
    }

    // MARK: What holds at a time

    /// The most devices in one request for an action; `nil` if no limit is known any more.
    public func actionBatch(at now: Timestamp) -> Int? { grown(actionBatch, to: Self.largestActionBatch, at: now) }

    /// The most devices in the filter of a v2 list.
    public func listBatch(at now: Timestamp) -> Int {
        grown(listBatch, to: Self.largestListBatch, at: now) ?? Self.largestListBatch
    }

    /// The largest page of a v1 list.
    public func pageSize(at now: Timestamp) -> Int {
        grown(pageSize, to: Self.largestPage, at: now) ?? Self.largestPage
    }

    /// Whether the carrier may tell the status of requests; it is not asked again soon once it has said no.
    public func mayOfferRequestStatus(at now: Timestamp) -> Bool {
        guard let saidAt = noRequestStatusAt, saidAt <= now else { return true }
        return now - saidAt >= Self.requestStatusRest
    }

    private func grown(_ size: Int?, to largest: Int, at now: Timestamp) -> Int? {
        guard let size, learnedAt <= now, learnedAt > .distantPast else { return nil }
        let doublings = (now - learnedAt).wholeMilliseconds / Self.growsAfter.wholeMilliseconds
        let grown = size << Int(min(doublings, 12))
        return grown < largest ? grown : nil
    }

    // MARK: Learning

    /// The size to try next where a batch of `size` devices was refused as too large; `nil` if none is smaller.
    public static func batch(after size: Int) -> Int? { size > 1 ? size / 2 : nil }

    /// The size to try next where a page of `size` devices was refused; `nil` if none is smaller.
    public static func page(after size: Int) -> Int? { pageSizes.first { $0 < size } }

    /// - Returns: the size to try next; `nil` if there is none.
    @discardableResult
    public mutating func refusedActions(_ size: Int, at now: Timestamp) -> Int? {
        guard let next = Self.batch(after: size) else { return nil }
        learn(\.actionBatch, min(actionBatch(at: now) ?? next, next), at: now)
        return next
    }

    /// - Returns: the size to try next; `nil` if there is none.
    @discardableResult
    public mutating func refusedList(_ size: Int, at now: Timestamp) -> Int? {
        guard let next = Self.batch(after: size) else { return nil }
        learn(\.listBatch, min(listBatch(at: now), next), at: now)
        return next
    }

    /// Pages of this size were given where larger ones were refused.
    public mutating func tookPages(of size: Int, at now: Timestamp) {
        learn(\.pageSize, min(pageSize(at: now), max(size, 1)), at: now)
    }

    public mutating func offersNoRequestStatus(at now: Timestamp) { noRequestStatusAt = now }

    private mutating func learn(_ limit: WritableKeyPath<Self, Int?>, _ size: Int, at now: Timestamp) {
        // The others stay as far as they have grown meanwhile.
        let known = (actionBatch(at: now), listBatch(at: now), pageSize(at: now))
        actionBatch = known.0
        listBatch = known.1 < Self.largestListBatch ? known.1 : nil
        pageSize = known.2 < Self.largestPage ? known.2 : nil
        self[keyPath: limit] = size
        learnedAt = now
    }
}
