/// Decodes a CSV of devices: columns `eid,iccid[,imei,state,accountName,smsrOid,label:KEY...]` in any order.
struct DeviceTable {
    static let columns = ["eid", "iccid", "imei", "state", "accountName", "smsrOid"]
    static let labelPrefix = "label:"

    let file: String

    /// - Parameter take: given each device, in order.
    func read(_ bytes: [UInt8], complaints: inout ComplaintList, take: (DeviceDraft, inout ComplaintList) -> Void) {
        var reader = CSVReader(bytes)
        do {
            guard let header = try reader.nextRow() else {
                complaints.add(
                    Complaint(
                        .error, at: SourcePlace(file: file, line: 1, column: 1), found: "an empty file",
                        expected: "a header such as eid,iccid,state"))
                return
            }
            guard let names = columnNames(header, complaints: &complaints) else { return }
            var number = 0
            while let row = try reader.nextRow() {
                if let draft = draft(row, names: names, number: number, complaints: &complaints) {
                    take(draft, &complaints)
                }
                number += 1
            }
        } catch {
            complaints.add(
                Complaint(
                    .error, at: SourcePlace(file: file, line: error.line, column: error.column), found: error.reason,
                    expected: "comma-separated values by RFC 4180"))
        }
    }

    private func place(_ field: CSVReader.Field) -> SourcePlace {
        SourcePlace(file: file, line: field.line, column: field.column)
    }

    private func columnNames(_ header: [CSVReader.Field], complaints: inout ComplaintList) -> [String]? {
        let errorsBefore = complaints.errorCount
        var seen: [String: CSVReader.Field] = [:]
        for field in header {
            let isLabel = field.text.hasPrefix(Self.labelPrefix) && field.text.count > Self.labelPrefix.count
            if !isLabel, !Self.columns.contains(field.text) {
                complaints.add(
                    Complaint(
                        .error, at: place(field), path: "header",
                        found: "the unknown column `\(field.text.excerpt(limit: 60))`",
                        expected: "one of \(Self.columns.joined(separator: ", ")), label:KEY",
                        hint: NearestWord.hint(for: field.text, among: Self.columns)))
            }
            if let first = seen.updateValue(field, forKey: field.text) {
                complaints.add(
                    Complaint(
                        .error, at: place(field), path: "header", found: "the column `\(field.text)` twice",
                        expected: "each column once", related: place(first)))
            }
        }
        for name in ["eid", "iccid"] where seen[name] == nil {
            complaints.add(
                Complaint(
                    .error, at: SourcePlace(file: file, line: 1, column: 1), path: "header",
                    found: "no column `\(name)`", expected: "a header such as eid,iccid,state"))
        }
        return complaints.errorCount == errorsBefore ? header.map(\.text) : nil
    }

    private func draft(
        _ row: [CSVReader.Field], names: [String], number: Int, complaints: inout ComplaintList
    ) -> DeviceDraft? {
        guard let first = row.first else { return nil }
        let path = "row \(number + 1)"
        guard row.count == names.count else {
            complaints.add(
                Complaint(
                    .error, at: place(first), path: path, found: "\(row.count) fields",
                    expected: "\(names.count) fields"))
            return nil
        }
        let errorsBefore = complaints.errorCount
        var draft = DeviceDraft(place: place(first), path: path)
        for (name, field) in zip(names, row) {
            if field.text.isEmpty, name != "eid", name != "iccid" { continue }
            let text = field.text
            var expected: String?
            switch name {
            case "eid":
                draft.eid = EID(text)
                expected = draft.eid == nil ? DeviceValues.eidExpected : nil
            case "iccid":
                draft.iccid = ICCID(text)
                expected = draft.iccid == nil ? DeviceValues.iccidExpected : nil
            case "imei":
                draft.imei = DeviceValues.imei(text)
                expected = draft.imei == nil ? DeviceValues.imeiExpected : nil
            case "state":
                draft.state = DesiredState(rawValue: text)
                expected = draft.state == nil ? DeviceValues.stateExpected : nil
            case "accountName":
                draft.account = DeviceValues.account(text)
                expected = draft.account == nil ? DeviceValues.accountExpected : nil
            case "smsrOid":
                draft.smsr = DeviceValues.smsr(text)
                expected = draft.smsr == nil ? DeviceValues.smsrExpected : nil
            default:
                draft.labels[String(name.dropFirst(Self.labelPrefix.count))] = text
            }
            if let expected {
                complaints.add(
                    Complaint(
                        .error, at: place(field), path: "\(path).\(name)",
                        found: text.isEmpty ? "nothing" : "`\(text.excerpt(limit: 60))`", expected: expected,
                        hint: name == "state" ? DeviceValues.stateHint(text) : nil))
            }
        }
        draft.isFaulty = complaints.errorCount > errorsBefore
        return draft
    }
}
