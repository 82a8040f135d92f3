import Foundation

extension MaintenanceWindows {
    private static let expected =
        "a list of windows, such as [{days: [mon-fri], from: \"22:00\", to: \"04:00\", timeZone: America/Phoenix}]"
    private static let leaveOut = "leave `windows` out if devices may be changed at any time"

    /// Decodes `windows:`; what cannot be read is complained of and left out.
    init?(_ node: YAMLNode, file: String, path: ValuePath, complaints: inout ComplaintList) {
        guard case .sequence(let elements) = node.content, !elements.isEmpty else {
            let isEmptyList = if case .sequence = node.content { true } else { false }
            complaints.add(
                Complaint(
                    .error, at: SourcePlace(file: file, mark: node.mark), path: path,
                    found: isEmptyList ? "an empty list" : node.summary, expected: Self.expected, hint: Self.leaveOut))
            return nil
        }
        var windows: [MaintenanceWindow] = []
        for (index, element) in elements.enumerated() {
            let window = MaintenanceWindow(
                element, file: file, path: path.appending(element: index), complaints: &complaints)
            if let window { windows.append(window) }
        }
        self.init(windows)
    }
}

extension MaintenanceWindow {
    private static let daysExpected = "a list of days and of ranges of days, such as [mon-fri, sun]"
    private static let wholeDay = "a whole day is from \"00:00\" to \"24:00\""

    fileprivate init?(_ node: YAMLNode, file: String, path: ValuePath, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                node, file: file, path: path, known: ["days", "from", "to", "timeZone"], complaints: &complaints)
        else { return nil }
        guard ["days", "from", "to"].contains(where: { reader.node($0) != nil }) else {
            complaints.add(
                Complaint(
                    .error, at: SourcePlace(file: file, mark: node.mark), path: path,
                    found: "a window without days and times", expected: "`days`, `from` and `to`"))
            return nil
        }
        let days = Self.days(reader, complaints: &complaints)
        let times = Self.times(reader, complaints: &complaints)
        let zone = Self.timeZone(reader, complaints: &complaints)
        guard let days, let times, let zone else { return nil }
        self.init(days: days, from: times.from, to: times.to, timeZone: zone)
    }

    // MARK: Days

    /// Every day, where none is named.
    private static func days(_ reader: MappingReader, complaints: inout ComplaintList) -> Set<Weekday>? {
        guard let node = reader.node("days") else { return Set(Weekday.allCases) }
        let path = reader.path(to: "days")
        guard case .sequence(let elements) = node.content, !elements.isEmpty else {
            let isEmptyList = if case .sequence = node.content { true } else { false }
            complaints.add(
                Complaint(
                    .error, at: reader.place(of: "days"), path: path,
                    found: isEmptyList ? "an empty list" : node.summary, expected: daysExpected,
                    hint: isEmptyList ? "leave `days` out for every day" : nil))
            return nil
        }
        var days: Set<Weekday> = []
        var isFaulty = false
        for (index, element) in elements.enumerated() {
            if let range = element.scalar.flatMap(range) {
                days.formUnion(range)
            } else {
                isFaulty = true
                complaints.add(
                    Complaint(
                        .error, at: SourcePlace(file: reader.file, mark: element.mark),
                        path: path.appending(element: index), found: element.summary, expected: daysExpected,
                        hint: element.scalar.flatMap(hint)))
            }
        }
        return isFaulty ? nil : days
    }

    /// `mon`, or `fri-mon` for the days from one to another, over the end of the week if need be.
    private static func range(_ text: String) -> Set<Weekday>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { word in
            Weekday.allCases.first { $0.name == word }
        }
        guard let first = ends.first ?? nil else { return nil }
        if ends.count == 1 { return [first] }
        // From a day to the same day may be one day or eight.
        guard ends.count == 2, let last = ends[1], last != first else { return nil }
        let length = (last.rawValue - first.rawValue + 7) % 7
        return Set((0...length).compactMap { Weekday(rawValue: (first.rawValue + $0) % 7) })
    }

    private static func hint(_ text: String) -> String? {
        let words = text.split(separator: "-", omittingEmptySubsequences: false).map { word in
            NearestWord.to(String(word.prefix(3)), among: Weekday.allCases.map(\.name))
        }
        let known = words.compactMap { $0 }
        let meant = known.joined(separator: "-")
        return known.count == words.count && range(meant) != nil ? "did you mean `\(meant)`?" : nil
    }

    // MARK: Times

    /// The whole day, where no time is given.
    private static func times(
        _ reader: MappingReader, complaints: inout ComplaintList
    ) -> (from: Int, to: Int)? {
        if reader.node("from") == nil, reader.node("to") == nil { return (0, minutesPerDay) }
        let expectedFrom = "a time of day from \"00:00\" to \"23:59\""
        let expectedTo = "a time of day from \"00:00\" to \"24:00\""
        for (key, expected) in [("from", expectedFrom), ("to", expectedTo)] where reader.node(key) == nil {
            reader.missing(key, expected: expected, complaints: &complaints, hint: wholeDay)
        }
        let from = reader.scalar("from", expected: expectedFrom, complaints: &complaints) { text in
            minutes(ofClock: text).flatMap { $0 < minutesPerDay ? $0 : nil }
        }
        let to = reader.scalar("to", expected: expectedTo, complaints: &complaints, parse: minutes(ofClock:))
        guard let from, let to else { return nil }
        guard from != to else {
            complaints.add(
                Complaint(
                    .error, at: reader.place(of: "to"), path: reader.path(to: "to"),
                    found: "\(reader.node("to")?.summary ?? ""), at which the window opens",
                    expected: "another time than `from`", hint: wholeDay))
            return nil
        }
        return (from, to)
    }

    // MARK: Time zone

    private static func timeZone(_ reader: MappingReader, complaints: inout ComplaintList) -> TimeZone? {
        guard reader.node("timeZone") != nil else { return .gmt }
        return reader.scalar(
            "timeZone", expected: "the IANA name of a time zone, such as America/Phoenix, or UTC",
            complaints: &complaints,
            hint: { NearestWord.hint(for: $0, among: TimeZone.knownTimeZoneIdentifiers + ["UTC"]) },
            parse: zone(named:))
    }
}
