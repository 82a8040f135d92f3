/// One device as it is written, small enough for millions: names are numbers into the tables of its list, and what
/// the defaults of the document are to fill is open.
struct DeclaredDevice: Sendable {
    let key: DeviceKey
    let state: DesiredState?
    /// Whether something of it was complained of, so that what is missing need not be complained of again.
    let isFaulty: Bool
    /// Into `DeclaredDevices.accounts`, or `open`.
    let account: UInt16
    /// Into `DeclaredDevices.smsrs`, or `open`.
    let smsr: UInt16
    /// Its own labels, without those of the document.
    let labels: UInt32
    /// From 1, within the part of the text that was read.
    let line: UInt32
    /// The number of the entry, from 0, within the part of the list that was read.
    let entry: UInt32
    let column: UInt16
    /// The IMEI, or no digits at all.
    let imeiDigits: PackedDigits

    static let open = UInt16.max
}

/// A run of devices from one text, read in one go.
struct DeclaredDevices: Sendable {
    /// What the text is, which tells how its entries are named in complaints.
    enum Form: Sendable {
        case list
        case table

        func path(_ entry: Int) -> ValuePath {
            switch self {
            case .list: .device(entry)
            case .table: .row(entry)
            }
        }
    }

    let file: String
    let form: Form
    var devices: ContiguousArray<DeclaredDevice> = []
    var accounts = NameTable()
    var smsrs = NameTable()
    var labels = LabelTable()
    /// How many entries were read, faulty ones included.
    var entryCount = 0
    /// How many lines and entries stand before this run.
    var linesBefore = 0
    var entriesBefore = 0

    init(file: String, form: Form) {
        self.file = file
        self.form = form
    }

    func path(of device: DeclaredDevice) -> ValuePath { form.path(Int(device.entry) + entriesBefore) }

    func place(of device: DeclaredDevice) -> SourcePlace {
        SourcePlace(file: file, line: Int(device.line) + linesBefore, column: Int(device.column))
    }

    /// Adds a device that was decoded with all its values; one without EID or ICCID is left out.
    mutating func add(_ draft: DeviceDraft, complaints: inout ComplaintList) {
        guard let eid = draft.eid, let iccid = draft.iccid else { return }
        IdentifierCheck(file: file, path: draft.path).check(
            eid, at: draft.eidMark, iccid, at: draft.iccidMark, complaints: &complaints)
        devices.append(
            DeclaredDevice(
                key: DeviceKey(eid: eid, iccid: iccid), state: draft.state, isFaulty: draft.isFaulty,
                account: draft.account.map { UInt16(clamping: accounts.number($0.description)) } ?? DeclaredDevice.open,
                smsr: draft.smsr.map { UInt16(clamping: smsrs.number($0.description)) } ?? DeclaredDevice.open,
                labels: labels.number(of: draft.labels), line: UInt32(clamping: draft.mark.line),
                entry: UInt32(clamping: entryCount - 1), column: UInt16(clamping: draft.mark.column),
                imeiDigits: draft.imei?.digits ?? .none))
    }

    /// Sorts the devices, so that the whole fleet is sorted by merging; devices of one key stay as they stand.
    mutating func sort() {
        let isSorted = zip(devices, devices.dropFirst()).allSatisfy { $0.key < $1.key }
        if !isSorted {
            devices.sort { $0.key == $1.key ? $0.entry < $1.entry : $0.key < $1.key }
        }
    }
}

/// Warns of EIDs and ICCIDs whose length or check digits do not fit.
struct IdentifierCheck {
    let file: String
    let path: ValuePath

    func check(
        _ eid: EID, at eidMark: YAMLMark, _ iccid: ICCID, at iccidMark: YAMLMark, complaints: inout ComplaintList
    ) {
        if !eid.hasValidCheckDigits {
            complaints.warn { severity in
                let isLength = eid.digitCount != EID.maximumDigits
                return Complaint(
                    severity, .checkDigits, at: SourcePlace(file: file, mark: eidMark), path: path.appending("eid"),
                    found: isLength ? "\(eid.digitCount) digits" : "`\(eid)`, whose check digits do not fit",
                    expected: isLength
                        ? DeviceValues.eidExpected : "an EID whose number leaves 1 when divided by 97")
            }
        }
        if !iccid.hasValidCheckDigit {
            complaints.warn { severity in
                let isLength = iccid.digitCount < 19
                return Complaint(
                    severity, .checkDigits, at: SourcePlace(file: file, mark: iccidMark), path: path.appending("iccid"),
                    found: isLength ? "\(iccid.digitCount) digits" : "`\(iccid)`, whose check digit does not fit",
                    expected: isLength ? DeviceValues.iccidExpected : "an ICCID that ends in its Luhn digit")
            }
        }
    }
}
