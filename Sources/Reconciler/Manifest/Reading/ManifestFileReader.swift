import Foundation

/// Reads the documents of one text, to its end or to the first thing in it that is no YAML.
struct ManifestFileReader {
    let file: String
    let text: ManifestText
    let limits: ManifestLimits
    let tables: ManifestSources
    /// Whether the text was named itself: what is found in a folder may be something else than a manifest.
    let isNamed: Bool
    private(set) var documents: [ManifestDocument] = []
    private(set) var complaints: ComplaintList
    /// Documents that are not empty, whatever is wrong with them.
    private(set) var documentCount = 0
    /// Whether the document at hand can be read from its middle.
    private var canBeCut = true
    /// Documents that were skipped.
    private(set) var notes: [ManifestNote] = []

    init(
        file: String, text: ManifestText, limits: ManifestLimits, tables: ManifestSources, isNamed: Bool,
        complaints: ComplaintList
    ) {
        self.isNamed = isNamed
        self.file = file
        self.text = text
        self.limits = limits
        self.tables = tables
        self.complaints = complaints
    }

    mutating func read() async {
        var composer = YAMLComposer(text, limits: limits)
        // With a byte-order mark the text is not UTF-8, or its characters are not those that libyaml counts.
        let isMarked = [0xEF, 0xFE, 0xFF].contains(text.bytes(at: 0, count: 1).first ?? 0)
        do {
            while true {
                switch try composer.next() {
                case .documentStart(let hasTagDirectives):
                    canBeCut = !isMarked && !hasTagDirectives
                    try await readDocument(&composer)
                case .streamEnd: return checkSize()
                default: break
                }
            }
        } catch {
            complain(of: error)
        }
    }

    private mutating func checkSize() {
        if !text.hasKeptItsSize { complaints.add(.changedMeanwhile(file)) }
    }

    private mutating func complain(of refusal: YAMLRefusal) {
        let place = SourcePlace(file: file, mark: refusal.mark)
        switch refusal {
        case .syntax(let error):
            if let line = MergeMarker.firstLine(in: text) {
                return complaints.add(MergeMarker.complaint(file: file, line: line))
            }
            complaints.add(
                Complaint(
                    .error, .syntax, at: place, found: error.reason, expected: error.expected, hint: error.hint))
        case .limit(_, let reason):
            complaints.add(
                Complaint(
                    .error, .limit, at: place, found: reason, expected: "a document of reasonable size",
                    hint: "it is not read any further"))
        case .unknownAlias(_, let name):
            complaints.add(
                Complaint(
                    .error, .syntax, at: place, found: "the alias `*\(name.excerpt(limit: 60))`",
                    expected: "an anchor of that name before it in the same document"))
        }
    }

    // MARK: One document

    private mutating func readDocument(_ composer: inout YAMLComposer) async throws(YAMLRefusal) {
        composer.beginDocument()
        let event = try composer.next()
        let mark = composer.mark
        guard case .mappingStart = event else {
            if let node = try composer.node(from: event, depth: 0), !node.isNull {
                documentCount += 1
                complaints.add(
                    Complaint(
                        .error, at: SourcePlace(file: file, mark: node.mark), found: node.summary,
                        expected: "a mapping with apiVersion, kind, metadata and devices"))
            }
            return
        }
        documentCount += 1
        var document = ManifestDocument(file: file)
        var entries: [YAMLNode.Entry] = []
        let complaintsBefore = complaints
        while let key = try composer.nextNode(depth: 1) {
            let value: YAMLNode
            if key.scalar == "devices", !entries.contains(where: { $0.key.scalar == "devices" }) {
                // Behind a `?` or an anchor the key does not stand where the mapping does.
                canBeCut = canBeCut && key.mark.column == mark.column
                value = try await readDevices(&composer, keyColumn: key.mark.column - 1, into: &document)
            } else {
                guard let node = try composer.nextNode(depth: 1) else { break }
                value = node
            }
            if let text = key.scalar, text != "<<", let first = entries.first(where: { $0.key.scalar == text }) {
                complaints.add(
                    YAMLComposer.DuplicateKey(key: text, mark: key.mark, first: first.key.mark), in: file)
            } else {
                entries.append(YAMLNode.Entry(key: key, value: value))
            }
        }
        if let foreign = ForeignDocument(entries) {
            let place = SourcePlace(file: file, mark: mark)
            if !isNamed {
                complaints = complaintsBefore
                documentCount -= 1
                _ = composer.takeDuplicateKeys()
                notes.append(ManifestNote(place: place, reason: foreign.reason))
                return
            }
            if foreign == .settings {
                complaints = complaintsBefore
                complaints.add(
                    Complaint(
                        .error, at: place, found: "settings of profilectl", expected: "`kind: ProfileSet`",
                        hint: "settings are named with --config"))
                return
            }
        }
        for duplicate in composer.takeDuplicateKeys() { complaints.add(duplicate, in: file) }
        document.take(YAMLNode(content: .mapping(entries), mark: mark, weight: 1), complaints: &complaints)
        for table in document.sources {
            if let list = tables.table(table, of: file, complaints: &complaints) { document.lists.append(list) }
        }
        document.isFaulty = complaints.errorCount > complaintsBefore.errorCount
        documents.append(document)
    }

    /// Reads the list entry by entry, so that it is never in memory as nodes; a long one in several parts at once.
    ///
    /// - Returns: a node that stands for the list.
    private mutating func readDevices(
        _ composer: inout YAMLComposer, keyColumn: Int, into document: inout ManifestDocument
    ) async throws(YAMLRefusal) -> YAMLNode {
        let event = try composer.next()
        let mark = composer.mark
        let empty = YAMLNode(content: .scalar("", isPlain: true), mark: mark, weight: 1)
        for duplicate in composer.takeDuplicateKeys() { complaints.add(duplicate, in: file) }
        if case .sequenceStart(let isBlock) = event, composer.reader.anchor == nil {
            let first = try composer.next()
            if isBlock, canBeCut {
                let cuts = DeviceListCuts(text: text, dashColumn: mark.column - 1, partSize: limits.partSize)
                    .places(from: composer.reader.position)
                if !cuts.isEmpty {
                    let segments = SegmentedDeviceList(
                        text: text, file: file, limits: limits, readAhead: limits.partsReadAhead, cuts: cuts,
                        keyColumn: keyColumn, dashColumn: mark.column - 1, strictness: complaints.emptied)
                    document.lists += try await segments.read(&composer, from: first, complaints: &complaints)
                    return empty
                }
            }
            var list = DeclaredDevices(file: file, form: .list)
            var reader = DeviceListReader(file: file)
            _ = try reader.read(&composer, from: first, into: &list, complaints: &complaints)
            list.sort()
            document.lists.append(list)
            return empty
        }
        guard let node = try composer.node(from: event, depth: 1), !node.isNull else { return empty }
        guard case .sequence(let elements) = node.content else {
            complaints.add(
                Complaint(
                    .error, at: SourcePlace(file: file, mark: node.mark), path: "devices", found: node.summary,
                    expected: "a list of devices"))
            return empty
        }
        var list = DeclaredDevices(file: file, form: .list)
        DeviceListReader(file: file).take(elements, &composer, into: &list, complaints: &complaints)
        list.sort()
        document.lists.append(list)
        return empty
    }
}

extension Complaint {
    static func changedMeanwhile(_ file: String) -> Complaint {
        Complaint(
            .error, .unreadable, at: SourcePlace(file: file, line: 1, column: 1),
            found: "a file that changed meanwhile",
            expected: "a file that nobody writes to while it is read", hint: "run again")
    }
}
