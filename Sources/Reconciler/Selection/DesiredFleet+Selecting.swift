extension DesiredFleet {
    /// The same fleet, of which only the selected part is acted upon.
    ///
    /// An eUICC is selected or left out as a whole: one of its profiles may have to be disabled so that another can be
    /// enabled, and one without the other leaves a device without the network that it was to have.
    ///
    /// - Parameters:
    ///   - targets: a device is selected that one of them names; all are if there is none.
    ///   - excludes: of the selected devices these are left out.
    ///   - keepsCardsWhole: whether the profiles of an eUICC stay together.
    /// - Throws: `SelectionError` if a selector names no device, or nothing is left.
    public func selecting(
        _ targets: [DeviceSelector], excluding excludes: [DeviceSelector], keepsCardsWhole: Bool = true
    ) throws(SelectionError) -> DesiredFleet {
        guard !targets.isEmpty || !excludes.isEmpty else { return self }
        var finder = SelectedDevices(fleet: self)
        var selected =
            targets.isEmpty ? DeviceMarks(deviceCount: devices.count, all: true) : finder.devices(named: targets)
        var excluded = finder.devices(named: excludes)
        if !finder.unmatched.isEmpty {
            throw SelectionHints(fleet: self).error(of: finder.unmatched)
        }
        let named = selected
        let leftByName = named.subtracting(excluded)
        if keepsCardsWhole {
            completeCards(&selected)
            completeCards(&excluded)
        }
        selected = selected.subtracting(excluded)
        guard selected.count > 0 else {
            throw SelectionError(
                "Nothing is left to act upon: --exclude leaves out all \(named.count) devices that are selected.")
        }
        let part = FleetPart(
            targets: targets, excludes: excludes, count: selected.count, fleetCount: devices.count,
            addedWithCard: selected.subtracting(named).count,
            leftOutWithCard: leftByName.subtracting(selected).count)
        var fleet = self
        fleet.selection = FleetSelection(part, marks: selected)
        return fleet
    }

    /// Marks all profiles of each eUICC of which one is marked.
    private func completeCards(_ marks: inout DeviceMarks) {
        var start = 0
        while start < devices.count {
            var end = start + 1
            while end < devices.count, devices[end].key.eid == devices[start].key.eid { end += 1 }
            if end - start > 1, (start..<end).contains(where: { marks.contains($0) }) {
                for device in start..<end { marks.insert(device) }
            }
            start = end
        }
    }

    /// The accounts of the devices that are acted upon.
    var selectedAccounts: Set<AccountName> {
        guard let selection else { return Set(accounts) }
        var numbers = Set<UInt16>()
        for (number, device) in devices.enumerated() where selection.contains(number) { numbers.insert(device.account) }
        return Set(numbers.map { accounts[Int($0)] })
    }
}

/// Finds the devices that selectors name, and the selectors that name none.
private struct SelectedDevices {
    let fleet: DesiredFleet
    private(set) var unmatched: [DeviceSelector] = []

    init(fleet: DesiredFleet) {
        self.fleet = fleet
    }

    /// Devices are found by EID without a look at the others, and in one go by all else, so that thousands of
    /// identifiers are no matter.
    mutating func devices(named selectors: [DeviceSelector]) -> DeviceMarks {
        var marks = DeviceMarks(deviceCount: fleet.devices.count)
        let matchers = selectors.map { SelectorMatcher($0.terms, in: fleet) }
        var isMatched = Array(repeating: false, count: selectors.count)
        var digits: [UInt8] = []
        func take(_ device: Int, _ matcher: Int) {
            guard matchers[matcher].matches(fleet.devices[device], digits: &digits) else { return }
            marks.insert(device)
            isMatched[matcher] = true
        }
        var byICCID: [ICCID: [Int]] = [:]
        var byAll: [Int] = []
        for (number, matcher) in matchers.enumerated() {
            if let eid = matcher.eid {
                for device in fleet.numbers(of: eid) { take(device, number) }
            } else if let iccid = matcher.iccid {
                byICCID[iccid, default: []].append(number)
            } else {
                byAll.append(number)
            }
        }
        if !byICCID.isEmpty || !byAll.isEmpty {
            for device in fleet.devices.indices {
                for number in byAll { take(device, number) }
                guard !byICCID.isEmpty else { continue }
                for number in byICCID[fleet.devices[device].key.iccid] ?? [] { take(device, number) }
            }
        }
        unmatched += zip(selectors, isMatched).filter { !$1 }.map(\.0)
        return marks
    }
}

extension DesiredFleet {
    /// The numbers of the devices of one eUICC.
    fileprivate func numbers(of eid: EID) -> Range<Int> {
        var low = 0
        var high = devices.count
        while low < high {
            let middle = (low + high) / 2
            if devices[middle].key.eid < eid { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < devices.count, devices[end].key.eid == eid { end += 1 }
        return low..<end
    }
}
