/// Builds the desired fleet from the drafts of all documents, and checks it as a whole.
struct FleetBuilder {
    private var fleet = DesiredFleet()
    private var accountNumbers: [AccountName: UInt16] = [:]
    private var smsrNumbers: [SmsrOid: UInt16] = [:]
    private var fileNumbers: [String: UInt16] = [:]
    private var labelNumbers: [[String: String]: UInt32] = [[:]: 0]
    private var setPlaces: [String: SourcePlace] = [:]

    // MARK: One document

    /// Adds the devices of a document, with its defaults in the places that they leave open.
    mutating func add(_ drafts: [DeviceDraft], of document: ManifestDocument, complaints: inout ComplaintList) {
        let setName = document.name ?? document.file
        if let place = document.namePlace, document.name != nil {
            if let first = setPlaces.updateValue(place, forKey: setName) {
                complaints.add(
                    Complaint(
                        .error, at: place, path: "metadata.name", found: "a second profile set named `\(setName)`",
                        expected: "a name of its own for each set", related: first))
            }
        }
        fleet.sets.append(ProfileSet(name: setName, rollout: document.rollout, place: document.namePlace))
        let set = UInt16(clamping: fleet.sets.count - 1)
        fleet.devices.reserveCapacity(fleet.devices.count + drafts.count)
        for draft in drafts {
            add(draft, set: set, document: document, complaints: &complaints)
        }
    }

    private mutating func add(
        _ draft: DeviceDraft, set: UInt16, document: ManifestDocument, complaints: inout ComplaintList
    ) {
        let state = draft.state ?? document.defaults.state
        let account = draft.account ?? document.defaults.account
        let smsr = draft.smsr ?? document.defaults.smsr
        if !draft.isFaulty {
            for (key, expected) in [
                ("state", state == nil ? DeviceValues.stateExpected : nil),
                ("accountName", account == nil ? DeviceValues.accountExpected : nil),
                ("smsrOid", smsr == nil ? DeviceValues.smsrExpected : nil),
            ] {
                guard let expected else { continue }
                complaints.add(
                    Complaint(
                        .error, at: draft.place, path: "\(draft.path).\(key)", found: "nothing", expected: expected,
                        hint: "set it here or in `defaults`"))
            }
        }
        guard let eid = draft.eid, let iccid = draft.iccid, let state, let account, let smsr else { return }
        checkDigits(eid, iccid, draft, complaints: &complaints)
        var labels = document.metadataLabels
        labels.merge(document.defaults.labels) { $1 }
        labels.merge(draft.labels) { $1 }
        fleet.devices.append(
            DesiredDevice(
                key: DeviceKey(eid: eid, iccid: iccid), state: state, account: number(account), smsr: number(smsr),
                set: set, labels: number(labels), file: number(file: draft.place.file),
                column: UInt16(clamping: draft.place.column), line: UInt32(clamping: draft.place.line),
                imeiDigits: draft.imei?.digits ?? PackedDigits(word: .max)))
    }

    private func checkDigits(_ eid: EID, _ iccid: ICCID, _ draft: DeviceDraft, complaints: inout ComplaintList) {
        if eid.digitCount != EID.maximumDigits {
            complaints.addWarning(
                at: draft.place, path: "\(draft.path).eid", found: "\(eid.digitCount) digits",
                expected: DeviceValues.eidExpected)
        } else if !eid.hasValidCheckDigits {
            complaints.addWarning(
                at: draft.place, path: "\(draft.path).eid", found: "`\(eid)`, whose check digits do not fit",
                expected: "an EID whose number leaves 1 when divided by 97")
        }
        if iccid.digitCount < 19 {
            complaints.addWarning(
                at: draft.place, path: "\(draft.path).iccid", found: "\(iccid.digitCount) digits",
                expected: DeviceValues.iccidExpected)
        } else if !iccid.hasValidCheckDigit {
            complaints.addWarning(
                at: draft.place, path: "\(draft.path).iccid", found: "`\(iccid)`, whose check digit does not fit",
                expected: "an ICCID that ends in its Luhn digit")
        }
    }

    // MARK: Numbers for names

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

    private mutating func number(file: String) -> UInt16 {
        if let known = fileNumbers[file] { return known }
        fleet.files.append(file)
        let number = UInt16(clamping: fleet.files.count - 1)
        fileNumbers[file] = number
        return number
    }

    private mutating func number(_ labels: [String: String]) -> UInt32 {
        if let known = labelNumbers[labels] { return known }
        fleet.labelSets.append(labels)
        let number = UInt32(clamping: fleet.labelSets.count - 1)
        labelNumbers[labels] = number
        return number
    }

    // MARK: The whole fleet

    /// Sorts the devices and complains of those that do not go together.
    mutating func finish(complaints: inout ComplaintList) -> DesiredFleet {
        checkTableSizes(complaints: &complaints)
        let isSorted = zip(fleet.devices, fleet.devices.dropFirst()).allSatisfy { $0.key <= $1.key }
        if !isSorted {
            // Equal keys stay in the order of the files, so that the second is the one complained of.
            let sorted = fleet.devices.enumerated().sorted {
                $0.element.key == $1.element.key ? $0.offset < $1.offset : $0.element.key < $1.element.key
            }
            fleet.devices = ContiguousArray(sorted.map(\.element))
        }
        removeRepeats(complaints: &complaints)
        checkEnabledProfiles(complaints: &complaints)
        checkICCIDs(complaints: &complaints)
        return fleet
    }

    /// The tables are numbered with 16 bits.
    private func checkTableSizes(complaints: inout ComplaintList) {
        for (count, what) in [
            (fleet.accounts.count, "accounts"), (fleet.smsrs.count, "SM-SRs"), (fleet.sets.count, "profile sets"),
            (fleet.files.count, "files"),
        ] where count > Int(UInt16.max) {
            complaints.add(
                Complaint(.error, at: nil, found: "\(count) \(what)", expected: "at most \(UInt16.max)"))
        }
    }

    private mutating func removeRepeats(complaints: inout ComplaintList) {
        guard zip(fleet.devices, fleet.devices.dropFirst()).contains(where: { $0.key == $1.key }) else { return }
        var kept: ContiguousArray<DesiredDevice> = []
        kept.reserveCapacity(fleet.devices.count)
        for device in fleet.devices {
            guard let first = kept.last, first.key == device.key else {
                kept.append(device)
                continue
            }
            let found = "the device \(device.key) a second time"
            if first.state == device.state, first.account == device.account, first.smsr == device.smsr {
                complaints.addWarning(
                    at: fleet.place(of: device), path: "", found: found, expected: "each device once",
                    related: fleet.place(of: first))
            } else {
                complaints.add(
                    Complaint(
                        .error, at: fleet.place(of: device), found: found + ", with another state, account or SM-SR",
                        expected: "one declaration of a device", related: fleet.place(of: first)))
            }
        }
        fleet.devices = kept
    }

    private func checkEnabledProfiles(complaints: inout ComplaintList) {
        var enabled: DesiredDevice?
        for device in fleet.devices where device.state == .downloadedEnabled {
            if let first = enabled, first.key.eid == device.key.eid {
                complaints.add(
                    Complaint(
                        .error, at: fleet.place(of: device),
                        found: "a second profile that is to be enabled on EID \(device.key.eid)",
                        expected: "at most one, since an eUICC enables one profile at a time",
                        related: fleet.place(of: first)))
            }
            enabled = device
        }
    }

    private func checkICCIDs(complaints: inout ComplaintList) {
        let order = fleet.devices.indices.sorted { fleet.devices[$0].key.iccid < fleet.devices[$1].key.iccid }
        for (left, right) in zip(order, order.dropFirst())
        where fleet.devices[left].key.iccid == fleet.devices[right].key.iccid {
            let first = fleet.devices[min(left, right)]
            let second = fleet.devices[max(left, right)]
            complaints.add(
                Complaint(
                    .error, at: fleet.place(of: second), found: "ICCID \(second.key.iccid) on a second EID",
                    expected: "each ICCID on one EID", related: fleet.place(of: first)))
        }
    }
}
