/// The actions of one account and kind.
public struct ActionGroup: Sendable {
    public let account: AccountName
    public let action: ProfileAction
    /// How many there are.
    public let count: Int
    /// Where the first of them stand among the actions of the plan, for a list.
    public let listed: ArraySlice<UInt32>
}

extension PlannedActions {
    /// The actions by account, in the order of the names, and by kind.
    ///
    /// - Parameter limit: how many are listed in all, at most. Small groups are listed wholly, large ones share what
    ///   is left. Takes four bytes for each action that is listed.
    public func groups(listing limit: Int) -> [ActionGroup] {
        let kinds = ProfileAction.allCases
        var counts = Array(repeating: 0, count: fleet.accounts.count * kinds.count)
        for position in indices { counts[group(of: position)] += 1 }
        let share = FairShare.limit(counts.filter { $0 > 0 }, room: limit)
        var starts = [0]
        for count in counts { starts.append((starts.last ?? 0) + Swift.min(count, share)) }
        var listed = Array(repeating: UInt32(0), count: starts.last ?? 0)
        var next = starts
        for position in indices {
            let group = group(of: position)
            guard next[group] < starts[group + 1] else { continue }
            listed[next[group]] = UInt32(clamping: position)
            next[group] += 1
        }
        return fleet.accounts.indices.sorted { fleet.accounts[$0] < fleet.accounts[$1] }.flatMap { account in
            kinds.enumerated().compactMap { offset, kind in
                let group = account * kinds.count + offset
                guard counts[group] > 0 else { return nil }
                return ActionGroup(
                    account: fleet.accounts[account], action: kind, count: counts[group],
                    listed: listed[starts[group]..<starts[group + 1]])
            }
        }
    }

    private func group(of position: Int) -> Int {
        let kind =
            switch action(at: position) {
            case .downloadEnable: 0
            case .downloadDisable: 1
            case .enable: 2
            case .disable: 3
            }
        return Int(device(at: position).account) * ProfileAction.allCases.count + kind
    }
}
