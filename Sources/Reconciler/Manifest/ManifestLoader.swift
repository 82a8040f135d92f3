import Foundation

/// What was read: the fleet, and everything that is wrong with it.
public struct LoadedManifest: Sendable {
    /// Fit for use only if there are no errors.
    public let fleet: DesiredFleet
    /// In the order of files and lines; at most `ManifestLimits.complaints`.
    public let complaints: [Complaint]
    public let errorCount: Int
    public let warningCount: Int
    /// How many complaints were counted and not kept.
    public let leftOut: Int

    public var hasErrors: Bool { errorCount > 0 }
}

/// Reads manifests: all files to their end, whatever is wrong with some of them.
public struct ManifestLoader: Sendable {
    private let isStrict: Bool
    private let limits: ManifestLimits
    private let standardInput: @Sendable () -> Data

    /// - Parameters:
    ///   - isStrict: whether warnings (check digits, lengths) are errors.
    ///   - standardInput: read at most once, for the path `-`.
    public init(
        isStrict: Bool = false, limits: ManifestLimits = ManifestLimits(),
        standardInput: @escaping @Sendable () -> Data = { FileHandle.standardInput.readDataToEndOfFile() }
    ) {
        self.isStrict = isStrict
        self.limits = limits
        self.standardInput = standardInput
    }

    /// Reads files, directories and standard input into one fleet.
    public func load(_ paths: [String]) -> LoadedManifest {
        var run = LoadRun(
            sources: ManifestSources(standardInput: standardInput, sizeLimit: limits.size), limits: limits,
            complaints: ComplaintList(limit: limits.complaints, isStrict: isStrict))
        return run.load(paths)
    }
}

/// One reading of a set of paths.
private struct LoadRun {
    let sources: ManifestSources
    let limits: ManifestLimits
    var complaints: ComplaintList
    var builder = FleetBuilder()
    /// The texts that were read, for excerpts.
    var texts: [String: Data] = [:]
    var documentCount = 0

    mutating func load(_ paths: [String]) -> LoadedManifest {
        for source in sources.read(paths, complaints: &complaints) {
            texts[source.name] = source.data
            read(source)
        }
        if documentCount == 0, complaints.errorCount == 0 {
            complaints.add(
                Complaint(
                    .error, at: nil, found: "no document in \(paths.joined(separator: ", "))",
                    expected: "at least one with `kind: ProfileSet`"))
        }
        let fleet = builder.finish(complaints: &complaints)
        addExcerpts()
        return LoadedManifest(
            fleet: fleet, complaints: complaints.complaints, errorCount: complaints.errorCount,
            warningCount: complaints.warningCount, leftOut: complaints.leftOut)
    }

    private mutating func read(_ source: ManifestSource) {
        guard source.data.count <= limits.size else {
            complaints.add(
                Complaint(
                    .error, at: SourcePlace(file: source.name, line: 1, column: 1),
                    found: "\(source.data.count) bytes", expected: "at most \(limits.size) bytes"))
            return
        }
        var composer = YAMLComposer(source.data, limits: limits)
        do {
            while true {
                switch try composer.next() {
                case .documentStart: try readDocument(&composer, of: source)
                case .streamEnd: return
                default: break
                }
            }
        } catch {
            complain(of: error, in: source.name)
        }
    }

    private mutating func complain(of refusal: YAMLRefusal, in file: String) {
        let place = SourcePlace(file: file, mark: refusal.mark)
        switch refusal {
        case .syntax(let error):
            complaints.add(Complaint(.error, at: place, found: error.reason, expected: "YAML 1.1"))
        case .limit(_, let reason):
            complaints.add(
                Complaint(
                    .error, at: place, found: reason, expected: "a document of reasonable size",
                    hint: "it is not read any further"))
        case .unknownAlias(_, let name):
            complaints.add(
                Complaint(
                    .error, at: place, found: "the alias `*\(name.excerpt(limit: 60))`",
                    expected: "an anchor of that name before it in the same document"))
        }
    }

    private mutating func readDocument(
        _ composer: inout YAMLComposer, of source: ManifestSource
    ) throws(YAMLRefusal) {
        composer.beginDocument()
        let event = try composer.next()
        let mark = composer.mark
        guard case .mappingStart = event else {
            if let node = try composer.node(from: event, depth: 0), !node.isNull {
                documentCount += 1
                complaints.add(
                    Complaint(
                        .error, at: SourcePlace(file: source.name, mark: node.mark), found: node.summary,
                        expected: "a mapping with apiVersion, kind, metadata and devices"))
            }
            return
        }
        documentCount += 1
        var document = ManifestDocument(file: source.name)
        var drafts: [DeviceDraft] = []
        var entries: [YAMLNode.Entry] = []
        while let key = try composer.nextNode(depth: 1) {
            let value: YAMLNode
            if key.scalar == "devices", !entries.contains(where: { $0.key.scalar == "devices" }) {
                value = try readDevices(&composer, into: &drafts, document: &document)
            } else {
                guard let node = try composer.nextNode(depth: 1) else { break }
                value = node
            }
            if let text = key.scalar, text != "<<", let first = entries.first(where: { $0.key.scalar == text }) {
                complainOfDuplicate(text, at: key.mark, first: first.key.mark, in: source.name)
            } else {
                entries.append(YAMLNode.Entry(key: key, value: value))
            }
        }
        for duplicate in composer.takeDuplicateKeys() {
            complainOfDuplicate(duplicate.key, at: duplicate.mark, first: duplicate.first, in: source.name)
        }
        document.take(
            YAMLNode(content: .mapping(entries), mark: mark, weight: 1), complaints: &complaints)
        for table in document.sources {
            drafts += readTable(table, of: source)
        }
        builder.add(drafts, of: document, complaints: &complaints)
    }

    private mutating func complainOfDuplicate(_ key: String, at mark: YAMLMark, first: YAMLMark, in file: String) {
        complaints.add(
            Complaint(
                .error, at: SourcePlace(file: file, mark: mark), found: "the key `\(key.excerpt(limit: 60))` twice",
                expected: "each key once", related: SourcePlace(file: file, mark: first)))
    }

    /// Decodes the list entry by entry, so that it is never in memory as a whole.
    private mutating func readDevices(
        _ composer: inout YAMLComposer, into drafts: inout [DeviceDraft], document: inout ManifestDocument
    ) throws(YAMLRefusal) -> YAMLNode {
        let event = try composer.next()
        let mark = composer.mark
        let empty = YAMLNode(content: .scalar("", isPlain: true), mark: mark, weight: 1)
        if case .sequenceStart(nil) = event {
            while let node = try composer.nextNode(depth: 2) {
                if let draft = document.device(node, complaints: &complaints) { drafts.append(draft) }
            }
            return empty
        }
        guard let node = try composer.node(from: event, depth: 1), !node.isNull else { return empty }
        guard case .sequence(let elements) = node.content else {
            complaints.add(
                Complaint(
                    .error, at: SourcePlace(file: document.file, mark: node.mark), path: "devices",
                    found: node.summary, expected: "a list of devices"))
            return empty
        }
        for element in elements {
            if let draft = document.device(element, complaints: &complaints) { drafts.append(draft) }
        }
        return empty
    }

    private mutating func readTable(_ table: ManifestDocument.Source, of source: ManifestSource) -> [DeviceDraft] {
        let folder = source.name == "<stdin>" ? "" : (source.name as NSString).deletingLastPathComponent
        let file = table.csv.hasPrefix("/") || folder.isEmpty ? table.csv : folder + "/" + table.csv
        guard let data = sources.read(file, place: table.place, path: table.path, complaints: &complaints) else {
            return []
        }
        texts[file] = data
        var drafts: [DeviceDraft] = []
        DeviceTable(file: file).read(Array(data), complaints: &complaints) { draft, _ in drafts.append(draft) }
        return drafts
    }

    /// Cuts the lines in question out of the texts; each text is walked through once.
    private mutating func addExcerpts() {
        var wanted: [String: Set<Int>] = [:]
        for place in complaints.complaints.compactMap(\.place) {
            wanted[place.file, default: []].insert(place.line)
        }
        var lines: [String: [Int: String]] = [:]
        for (file, numbers) in wanted {
            guard let text = texts[file] else { continue }
            lines[file] = Self.lines(numbers, of: text)
        }
        complaints.addExcerpts { place in
            lines[place.file]?[place.line].map { SourceExcerpt(line: $0, column: place.column) }
        }
    }

    private static func lines(_ numbers: Set<Int>, of text: Data) -> [Int: String] {
        var found: [Int: String] = [:]
        text.withUnsafeBytes { bytes in
            var number = 1
            var start = 0
            while start <= bytes.count, found.count < numbers.count {
                let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
                if numbers.contains(number) {
                    let line = bytes[start..<min(end, start + 4096)]
                    found[number] = String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
                }
                number += 1
                start = end + 1
            }
        }
        return found
    }
}
