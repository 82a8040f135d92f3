/// What an account is known to take in one call: learned from refusals, and kept so that none of them is met again.
public struct AccountLimits: Hashable, Sendable {
    public let account: AccountName
    /// The most devices in one request for an action; `nil` while none was refused as too large.
    public private(set) var actionBatch: Int?
    /// The most devices in the filter of a v2 list.
    public private(set) var listBatch: Int?
    /// The largest page of a v1 list.
    public private(set) var pageSize: Int?

    /// The documented limits; smaller ones were seen (`thingspace.md`, sections 2.3, 4.1 and 4.2).
    public static let largestPage = 2000
    public static let largestListBatch = 50
    public static let largestActionBatch = 200

    private static let pageSizes = [largestPage, 500, 100]

    /// Numbers that no limit can be count as unknown.
    public init(account: AccountName, actionBatch: Int? = nil, listBatch: Int? = nil, pageSize: Int? = nil) {
        self.account = account
        self.actionBatch = actionBatch.flatMap { 1...Self.largestActionBatch ~= $0 ? $0 : nil }
        self.listBatch = listBatch.flatMap { 1...Self.largestListBatch ~= $0 ? $0 : nil }
        self.pageSize = pageSize.flatMap { 1...Self.largestPage ~= $0 ? $0 : nil }
    }

    /// The size to try next where a batch of `size` devices was refused as too large; `nil` if none is smaller.
    public static func batch(after size: Int) -> Int? { size > 1 ? size / 2 : nil }

    /// The size to try next where a page of `size` devices was refused; `nil` if none is smaller.
    public static func page(after size: Int) -> Int? { pageSizes.first { $0 < size } }

    /// - Returns: the size to try next; `nil` if there is none.
    @discardableResult
    public mutating func refusedActions(_ size: Int) -> Int? {
        guard let next = Self.batch(after: size) else { return nil }
        actionBatch = min(actionBatch ?? next, next)
        return next
    }

    /// - Returns: the size to try next; `nil` if there is none.
    @discardableResult
    public mutating func refusedList(_ size: Int) -> Int? {
        guard let next = Self.batch(after: size) else { return nil }
        listBatch = min(listBatch ?? next, next)
        return next
    }

    /// Pages of this size were given where larger ones were refused.
    public mutating func tookPages(of size: Int) {
        pageSize = min(pageSize ?? size, max(size, 1))
    }
}
