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
    /// What was found in folders and skipped.
    public let notes: [ManifestNote]
    /// All texts that it depends on, tables and those that cannot be read included.
    let files: [String]

    public var hasErrors: Bool { errorCount > 0 }
}

/// Reads manifests: all files to their end, whatever is wrong with some of them; several at the same time.
public struct ManifestLoader: Sendable {
    private let isStrict: Bool
    private let limits: ManifestLimits
    private let files: any ManifestFiles
    private let allowsExternalTables: Bool
    private let standardInput: @Sendable () -> Data

    /// - Parameters:
    ///   - isStrict: whether warnings (check digits, lengths) are errors.
    ///   - allowsExternalTables: whether CSV files may lie outside the folder of the manifest that names them.
    ///   - standardInput: read at most once, for the path `-`.
    public init(
        isStrict: Bool = false, limits: ManifestLimits = ManifestLimits(), allowsExternalTables: Bool = false,
        standardInput: @escaping @Sendable () -> Data = { FileHandle.standardInput.readDataToEndOfFile() }
    ) {
        self.isStrict = isStrict
        self.limits = limits
        files = FolderFiles()
        self.allowsExternalTables = allowsExternalTables
        self.standardInput = standardInput
    }

    /// Reads from elsewhere than the file system, where there is no standard input.
    init(isStrict: Bool, files: any ManifestFiles) {
        self.isStrict = isStrict
        limits = ManifestLimits()
        self.files = files
        allowsExternalTables = false
        standardInput = { Data() }
    }

    /// Reads files, directories and standard input into one fleet.
    public func load(_ paths: [String]) async -> LoadedManifest {
        var complaints = ComplaintList(limit: limits.complaints, isStrict: isStrict)
        let found = ManifestSources.find(paths, among: files, complaints: &complaints)
        let sources = ManifestSources(
            standardInput: found.contains { $0.source == .standardInput } ? ManifestText(standardInput()) : nil,
            sizeLimit: limits.size, files: files, allowsExternalTables: allowsExternalTables)
        var builder = FleetBuilder()
        var documentCount = 0
        var notes: [ManifestNote] = []
        var names = found.map(\.source.name)
        let empty = complaints.emptied
        await ReadAhead.over(found.count, ahead: limits.partsReadAhead) { number in
            await reading(of: found[number], from: sources, complaints: empty)
        } take: { readings in
            for number in found.indices {
                guard let reading = await readings.take(number) else { break }
                complaints.add(reading.complaints)
                documentCount += reading.documentCount
                notes += reading.notes
                names += reading.tables
                for document in reading.documents { builder.add(document, complaints: &complaints) }
            }
        }
        if documentCount == 0, complaints.errorCount == 0 {
            complaints.add(
                Complaint(
                    .error, .unreadable,
                    at: found.first.map { SourcePlace(file: $0.source.name, line: 1, column: 1) },
                    found: "no document in \(paths.joined(separator: ", "))",
                    expected: "at least one with `kind: ProfileSet`"))
        }
        let fleet = builder.finish(complaints: &complaints)
        addExcerpts(to: &complaints, from: sources, of: Set(names), named: Set(found.map(\.source.name)))
        return LoadedManifest(
            fleet: fleet, complaints: complaints.complaints, errorCount: complaints.errorCount,
            warningCount: complaints.warningCount, leftOut: complaints.leftOut, notes: notes, files: names)
    }

    /// What one text holds.
    private struct Reading: Sendable {
        var documents: [ManifestDocument] = []
        var documentCount = 0
        var complaints: ComplaintList
        var notes: [ManifestNote] = []
        /// The paths of the tables that its documents name.
        var tables: [String] = []
    }

    private func reading(
        of found: FoundSource, from sources: ManifestSources, complaints: ComplaintList
    ) async -> Reading {
        var complaints = complaints
        let source = found.source
        guard let text = sources.open(source, complaints: &complaints) else { return Reading(complaints: complaints) }
        if PlanFile.isPlan(text) {
            let place = SourcePlace(file: source.name, line: 1, column: 1)
            if !found.isNamed {
                let note = ManifestNote(place: place, reason: "it is a saved plan")
                return Reading(complaints: complaints, notes: [note])
            }
            complaints.add(
                Complaint(
                    .error, at: place, found: "a saved plan", expected: "a manifest",
                    hint: "`profilectl show` shows it, `profilectl apply` carries it out"))
            return Reading(documentCount: 1, complaints: complaints)
        }
        var reader = ManifestFileReader(
            file: source.name, text: text, limits: limits, tables: sources, isNamed: found.isNamed,
            complaints: complaints)
        await reader.read()
        return Reading(
            documents: reader.documents, documentCount: reader.documentCount, complaints: reader.complaints,
            notes: reader.notes,
            tables: reader.documents.flatMap { document in
                document.sources.map { ManifestSources.path(of: $0, namedIn: source.name) }
            })
    }

    /// Cuts the lines in question out of the texts; each text is walked through once.
    private func addExcerpts(
        to complaints: inout ComplaintList, from sources: ManifestSources, of names: Set<String>,
        named sourceNames: Set<String>
    ) {
        var wanted: [String: Set<Int>] = [:]
        // What was refused is not shown either.
        for complaint in complaints.complaints {
            guard let place = complaint.place,
                (complaint.rule == .unreadable ? sourceNames : names).contains(place.file)
            else { continue }
            wanted[place.file, default: []].insert(place.line)
        }
        var lines: [String: [Int: String]] = [:]
        for (file, numbers) in wanted {
            var ignored = complaints.emptied
            let source =
                file == ManifestSource.standardInput.name ? ManifestSource.standardInput : ManifestSource.file(file)
            guard let text = sources.open(source, complaints: &ignored) else { continue }
            lines[file] = LineFinder(text).lines(numbers)
        }
        complaints.addExcerpts { place in
            lines[place.file]?[place.line].map { SourceExcerpt(line: $0, column: place.column) }
        }
    }
}
