/// Profile sets that other runs on the store act on.
struct TakenSets: Sendable {
    private var holders: [String: String] = [:]
    private var holderOfAll: String?

    /// None.
    init() {}

    /// - Parameters:
    ///   - leases: all that there are.
    ///   - own: the holder of those that do not count.
    ///   - isGone: says of another run whether its process has certainly ended.
    init(
        _ leases: [Lease], but own: String?, at now: Timestamp,
        isGone: (ProcessIdentity) -> Bool = { $0.isGone }
    ) {
        for lease in leases where lease.holder != own && lease.isLive(at: now, isGone: isGone) {
            switch lease.name {
            case .profileSet(let name): holders[name] = lease.owner
            case .wholeStore: holderOfAll = lease.owner
            case .reading, .recording: break
            }
        }
    }

    /// Who acts on a set, as a person would name them; `nil` if nobody does.
    func holder(of profileSet: String) -> String? { holders[profileSet] ?? holderOfAll }

    /// Those of these sets that are taken.
    func names(among sets: [ProfileSet]) -> Set<String> {
        Set(sets.lazy.map(\.name).filter { holder(of: $0) != nil })
    }
}
