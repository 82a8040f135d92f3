/// Decodes a CSV of devices: columns `eid,iccid[,imei,state,accountName,smsrOid,label:KEY...]` in any order.
struct DeviceTable {
    static let columns = ManifestShape.device.keys.filter { $0 != "labels" }
    static let labelPrefix = "label:"

    /// What a column holds.
    private enum Column {
        case eid, iccid, imei, state, account, smsr
        case label(String)

        init?(_ name: String) {
            switch name {
            case "eid": self = .eid
            case "iccid": self = .iccid
            case "imei": self = .imei
            case "state": self = .state
            case "accountName": self = .account
            case "smsrOid": self = .smsr
            default:
                guard name.hasPrefix(DeviceTable.labelPrefix), name.count > DeviceTable.labelPrefix.count else {
                    return nil
                }
                self = .label(LabelText.canonical(String(name.dropFirst(DeviceTable.labelPrefix.count))))
            }
        }

        var isIdentifier: Bool {
            switch self {
            case .eid, .iccid: true
            case .imei, .state, .account, .smsr, .label: false
            }
        }
    }

    private let file: String
    private var list: DeclaredDevices
    private var reader: CSVReader
    private var names: [String] = []
    private var columns: [Column] = []

    init(file: String, bytes: [UInt8]) {
        self.file = file
        list = DeclaredDevices(file: file, form: .table)
        reader = CSVReader(bytes)
    }

    /// A row with more fields is none of devices.
    private static let columnLimit = 1000

    /// Reads all rows.
    consuming func read(complaints: inout ComplaintList) -> DeclaredDevices {
        if let fault = reader.firstFault {
            complaints.add(
                Complaint(
                    .error, .syntax, at: place(fault.mark), found: TextEncoding.found(fault.byte), expected: "UTF-8",
                    hint: "save the table as CSV UTF-8"))
            return list
        }
        do {
            try readRows(complaints: &complaints)
        } catch {
            complaints.add(
                Complaint(
                    .error, .syntax, at: place(error.mark), found: error.reason,
                    expected: "comma-separated values by RFC 4180"))
        }
        list.sort()
        return list
    }

    private mutating func readRows(complaints: inout ComplaintList) throws(CSVReader.Malformed) {
        var row: [CSVReader.Field] = []
        guard reader.moveToRow() else {
            complaints.add(
                Complaint(
                    .error, .syntax, at: SourcePlace(file: file, line: 1, column: 1), found: "an empty file",
                    expected: "a header such as eid,iccid,state"))
            return
        }
        let hasSeparatorLine = reader.isAtSeparatorLine
        if stopsAtMergeMarker(complaints: &complaints) { return }
        if !hasSeparatorLine, let separator = Self.otherSeparator(in: reader.lineText) {
            complaints.add(
                Complaint(
                    .error, .syntax, at: SourcePlace(file: file, line: reader.line, column: 1), path: "header",
                    found: "fields with \(separator) between them", expected: "commas between fields",
                    hint: "save the table as CSV UTF-8, with commas"))
            return
        }
        let columnCount = try reader.readRow(into: &row, limit: Self.columnLimit).count
        if hasSeparatorLine {
            complaints.add(
                Complaint(
                    .error, .syntax, at: row.first.map { place($0.mark) }, found: "a line `sep=`, which is Excel's own",
                    expected: "a header such as eid,iccid,state", hint: "save the table as CSV UTF-8, with commas"))
            return
        }
        guard columnCount <= Self.columnLimit else {
            complaints.add(
                Complaint(
                    .error, .limit, at: row.first.map { place($0.mark) }, found: "\(columnCount) columns",
                    expected: "at most \(Self.columnLimit)"))
            return
        }
        guard takeHeader(row, complaints: &complaints) else { return }
        while reader.moveToRow() {
            if stopsAtMergeMarker(complaints: &complaints) { return }
            let read = try reader.readRow(into: &row, limit: columns.count)
            // What programs for tables leave below the last row that was ever filled.
            if read.isEmpty, read.count > 1 { continue }
            list.entryCount += 1
            if let draft = draft(row, count: read.count, complaints: &complaints) {
                list.add(draft, complaints: &complaints)
            }
        }
    }

    private func stopsAtMergeMarker(complaints: inout ComplaintList) -> Bool {
        guard reader.isAtMergeMarker else { return false }
        complaints.add(MergeMarker.complaint(file: file, line: reader.line))
        return true
    }

    private func place(_ mark: YAMLMark) -> SourcePlace { SourcePlace(file: file, mark: mark) }

    private mutating func takeHeader(_ header: [CSVReader.Field], complaints: inout ComplaintList) -> Bool {
        let errorsBefore = complaints.errorCount
        var seen: [String: CSVReader.Field] = [:]
        for field in header {
            let name = reader.text(field)
            if let column = Column(name) {
                names.append(name)
                columns.append(column)
            } else {
                complaints.add(
                    Complaint(
                        .error, .unknownKey, at: place(field.mark), path: "header",
                        found: "the unknown column `\(name.excerpt(limit: 60))`" + HiddenScalar.note(on: name),
                        expected: "one of \(Self.columns.joined(separator: ", ")), label:KEY",
                        hint: NearestWord.hint(for: name, among: Self.columns)))
            }
            if let first = seen.updateValue(field, forKey: name) {
                complaints.add(
                    Complaint(
                        .error, .repetition, at: place(field.mark), path: "header",
                        found: "the column `\(name.excerpt(limit: 60))` twice", expected: "each column once",
                        related: place(first.mark)))
            }
        }
        for name in ["eid", "iccid"] where seen[name] == nil {
            complaints.add(
                Complaint(
                    .error, .missingValue, at: SourcePlace(file: file, line: 1, column: 1), path: "header",
                    found: "no column `\(name)`", expected: "a header such as eid,iccid,state"))
        }
        return complaints.errorCount == errorsBefore
    }

    /// What stands between the names of the header instead of commas, if it does.
    private static func otherSeparator(in line: String) -> String? {
        guard !line.contains(",") else { return nil }
        for (separator, name) in [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")] {
            let names = line.split(separator: separator, omittingEmptySubsequences: false)
            if names.count > 1, names.contains(where: { Column($0.trimmingQuotes) != nil }) { return name }
        }
        return nil
    }

    private func draft(
        _ row: [CSVReader.Field], count: Int, complaints: inout ComplaintList
    ) -> DeviceDraft? {
        guard let first = row.first else { return nil }
        let path = list.form.path(list.entryCount - 1)
        guard count == columns.count else {
            complaints.add(
                Complaint(
                    .error, .syntax, at: place(first.mark), path: path, found: "\(count) fields",
                    expected: "\(columns.count) fields"))
            return nil
        }
        var draft = DeviceDraft(path: path, mark: first.mark)
        for index in columns.indices {
            guard let expected = take(row[index], as: columns[index], into: &draft) else { continue }
            draft.isFaulty = true
            let text = reader.text(row[index])
            var hint: String?
            if case .state = columns[index] { hint = DeviceValues.stateHint(text) }
            complaints.add(
                Complaint(
                    .error, at: place(row[index].mark), path: path.appending(names[index]),
                    found: text.isEmpty ? "nothing" : "`\(text.excerpt(limit: 60))`" + HiddenScalar.note(on: text),
                    expected: expected, hint: hint))
        }
        return draft
    }

    /// - Returns: what was expected, if the value is not acceptable.
    private func take(_ field: CSVReader.Field, as column: Column, into draft: inout DeviceDraft) -> String? {
        if !column.isIdentifier, reader.withText(field, { $0.isEmpty }) { return nil }
        switch column {
        case .eid:
            draft.eid = reader.withText(field) { EID(ascii: $0) }
            draft.eidMark = field.mark
            return draft.eid == nil ? DeviceValues.eidExpected : nil
        case .iccid:
            draft.iccid = reader.withText(field) { ICCID(ascii: $0) }
            draft.iccidMark = field.mark
            return draft.iccid == nil ? DeviceValues.iccidExpected : nil
        case .imei:
            draft.imei = DeviceValues.imei(reader.text(field))
            return draft.imei == nil ? DeviceValues.imeiExpected : nil
        case .state:
            draft.state = DesiredState(rawValue: reader.text(field))
            return draft.state == nil ? DeviceValues.stateExpected : nil
        case .account:
            draft.account = DeviceValues.account(reader.text(field))
            return draft.account == nil ? DeviceValues.accountExpected : nil
        case .smsr:
            draft.smsr = DeviceValues.smsr(reader.text(field))
            return draft.smsr == nil ? DeviceValues.smsrExpected : nil
        case .label(let key):
            draft.labels[key] = LabelText.canonical(reader.text(field))
            return nil
        }
    }
}

extension Substring {
    /// The name without the blanks and quotes around it.
    fileprivate var trimmingQuotes: String {
        String(drop { "\" ".contains($0) }.reversed().drop { "\" ".contains($0) }.reversed())
    }
}
