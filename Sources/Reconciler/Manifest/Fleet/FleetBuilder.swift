/// Puts the devices of all documents together into the desired fleet.
struct FleetBuilder {
    private var fleet = DesiredFleet()
    private var accountNumbers: [AccountName: UInt16] = [:]
    private var smsrNumbers: [SmsrOid: UInt16] = [:]
    private var setPlaces: [String: SourcePlace] = [:]

    // MARK: One document

    /// Adds the devices of a document, with its defaults in the places that they leave open.
    mutating func add(_ document: consuming ManifestDocument, complaints: inout ComplaintList) {
        let setName = document.name ?? document.file
        if let place = document.namePlace, document.name != nil {
            if let first = setPlaces.updateValue(place, forKey: setName) {
                complaints.add(
                    Complaint(
                        .error, .repetition, at: place, path: "metadata.name",
                        found: "a second profile set named `\(setName)`",
                        expected: "a name of its own for each set", related: first))
            }
        }
        fleet.sets.append(
            ProfileSet(
                name: setName, rollout: document.rollout, drift: document.drift, place: document.namePlace))
        var lists = document.lists
        document.lists = []
        let hasNoDevices = lists.allSatisfy { $0.entryCount == 0 }
        fleet.devices.reserveCapacity(fleet.devices.count + lists.reduce(0) { $0 + $1.devices.count })
        lists.reverse()
        // Each list is let go as soon as it was copied.
        var labelSets: Set<UInt32> = []
        while let list = lists.popLast() {
            labelSets.formUnion(add(list, of: document, complaints: &complaints))
        }
        if hasNoDevices, !document.isFaulty {
            complaints.warn { severity in
                Complaint(
                    severity, .emptySet, at: document.namePlace, found: "a profile set without devices",
                    expected: "at least one device in `devices` or in a table of `devicesFrom`",
                    hint: "devices that were in it are unmanaged from now on")
            }
        }
        LabelWaveCheck(table: fleet.labels, labelSets: labelSets).check(document.rollout, complaints: &complaints)
    }

    /// - Returns: the numbers of the label sets that its devices have, if a wave of the document goes by labels.
    private mutating func add(
        _ list: DeclaredDevices, of document: ManifestDocument, complaints: inout ComplaintList
    ) -> [UInt32] {
        for (count, what) in [(list.accounts.names.count, "accounts"), (list.smsrs.names.count, "SM-SRs")] {
            complainOfTooMany(count, what, complaints: &complaints)
        }
        let defaults = document.defaults
        let accounts = list.accounts.names.map { number(AccountName($0)) }
        let smsrs = list.smsrs.names.map { number(SmsrOid($0)) }
        let defaultAccount = defaults.account.map { number($0) }
        let defaultSmsr = defaults.smsr.map { number($0) }
        var labels = LabelNumbers(list: list.labels, of: document)
        let set = UInt16(clamping: fleet.sets.count - 1)
        if fleet.files.last != list.file { fleet.files.append(list.file) }
        let file = UInt16(clamping: fleet.files.count - 1)
        for device in list.devices {
            let state = device.state ?? defaults.state
            let account = device.account == DeclaredDevice.open ? defaultAccount : accounts[Int(device.account)]
            let smsr = device.smsr == DeclaredDevice.open ? defaultSmsr : smsrs[Int(device.smsr)]
            guard let state, let account, let smsr else {
                // What merely follows from another error is left out.
                if !device.isFaulty, !defaults.isFaulty {
                    complain(of: device, in: list, state, account, smsr, complaints: &complaints)
                }
                continue
            }
            fleet.devices.append(
                DesiredDevice(
                    key: device.key, state: state, account: account, smsr: smsr, set: set, file: file,
                    labels: labels.number(of: device.labels, in: &fleet.labels),
                    line: UInt32(clamping: Int(device.line) + list.linesBefore), column: device.column,
                    imeiDigits: device.imeiDigits))
        }
        return document.rollout.labelPlaces.places.isEmpty ? [] : labels.used
    }

    /// Complains of what neither the device nor the defaults tell.
    private func complain(
        of device: DeclaredDevice, in list: DeclaredDevices, _ state: DesiredState?, _ account: UInt16?,
        _ smsr: UInt16?, complaints: inout ComplaintList
    ) {
        for (key, expected) in [
            ("state", state == nil ? DeviceValues.stateExpected : nil),
            ("accountName", account == nil ? DeviceValues.accountExpected : nil),
            ("smsrOid", smsr == nil ? DeviceValues.smsrExpected : nil),
        ] {
            guard let expected else { continue }
            complaints.add(
                Complaint(
                    .error, .missingValue, at: list.place(of: device), path: list.path(of: device).appending(key),
                    found: "nothing",
                    expected: expected, hint: "set it here or in `defaults`"))
        }
    }

    private mutating func number(_ account: AccountName) -> UInt16 {
        if let known = accountNumbers[account] { return known }
        fleet.accounts.append(account)
        let number = UInt16(clamping: fleet.accounts.count - 1)
        accountNumbers[account] = number
        return number
    }

    private mutating func number(_ smsr: SmsrOid) -> UInt16 {
        if let known = smsrNumbers[smsr] { return known }
        fleet.smsrs.append(smsr)
        let number = UInt16(clamping: fleet.smsrs.count - 1)
        smsrNumbers[smsr] = number
        return number
    }

    // MARK: The whole fleet

    /// Sorts the devices and complains of those that do not go together.
    consuming func finish(complaints: inout ComplaintList) -> DesiredFleet {
        for (count, what) in [
            (fleet.accounts.count, "accounts"), (fleet.smsrs.count, "SM-SRs"), (fleet.sets.count, "profile sets"),
            (fleet.files.count, "files"),
        ] { complainOfTooMany(count, what, complaints: &complaints) }
        FleetCheck.sort(&fleet)
        FleetCheck.removeRepeats(from: &fleet, complaints: &complaints)
        FleetCheck.checkEnabledProfiles(of: fleet, complaints: &complaints)
        FleetCheck.checkICCIDs(of: fleet, complaints: &complaints)
        FirstWaveCheck.check(fleet, complaints: &complaints)
        FleetCheck.checkIMEIs(of: fleet, complaints: &complaints)
        return fleet
    }

    /// Names are numbered with 16 bits, the last of which means that there is none.
    private func complainOfTooMany(_ count: Int, _ what: String, complaints: inout ComplaintList) {
        guard count > Int(DeclaredDevice.open) else { return }
        complaints.add(
            Complaint(.error, .limit, at: nil, found: "\(count) \(what)", expected: "at most \(DeclaredDevice.open)"))
    }
}

/// The numbers in the fleet's table for the label sets of one list, each with the labels of its document.
private struct LabelNumbers {
    private let list: LabelTable
    private let documentLabels: [String: String]
    private var numbers: [UInt32?]

    /// Those that were asked for.
    var used: [UInt32] { numbers.compactMap { $0 } }

    init(list: LabelTable, of document: ManifestDocument) {
        self.list = list
        let labels = document.metadataLabels.merging(document.defaults.labels) { $1 }
        documentLabels = labels
        numbers = Array(repeating: nil, count: list.count)
    }

    mutating func number(of set: UInt32, in table: inout LabelTable) -> UInt32 {
        if let number = numbers[Int(set)] { return number }
        let number = table.number(of: documentLabels.merging(list.labels(set)) { $1 })
        numbers[Int(set)] = number
        return number
    }
}
