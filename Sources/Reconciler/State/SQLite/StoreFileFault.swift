import Foundation

/// What the file system says is wrong with the file of a store, or with the place where it is to be. SQLite tells
/// little more than that something is.
enum StoreFileFault: Hashable {
    case isDirectory
    /// A device, a pipe.
    case isNoFile
    /// What should be its folder, or one above, is a file.
    case folderIsFile(String)
    case noFolder(String)
    /// The store, or a file that SQLite keeps beside it.
    case fileMayNotBeUsed(String)
    case folderMayNotBeWritten(String)
    case readOnlyFileSystem
    case diskFull
    /// In bytes.
    case fileSizeLimit(UInt64)
    /// The file is a mount of its own, or on another file system than its folder, in which its log is kept.
    case isMountedAlone
    /// The log is there, and the store to which it belongs is gone.
    case logAlone

    /// So little room is none: in bytes, some pages of the store.
    private static let leastRoom: UInt64 = 1 << 16

    /// - Returns: `nil` if nothing is wrong that can be seen.
    static func find(at path: String) -> Self? {
        var status = stat()
        if stat(path, &status) == 0 {
            switch status.st_mode & S_IFMT {
            case S_IFDIR: return .isDirectory
            case S_IFREG: break
            default: return .isNoFile
            }
        }
        let files = [path, path + "-wal", path + "-shm"].filter { FileManager.default.fileExists(atPath: $0) }
        for file in files {
            switch refusal(of: file, R_OK | W_OK) {
            case EROFS: return .readOnlyFileSystem
            case EACCES, EPERM: return .fileMayNotBeUsed(file)
            default: break
            }
        }
        return folderFault(of: path) ?? roomFault(of: files, in: parent(of: path))
    }

    /// Whether the database would be parted from its log: what is written to the log of a file that alone is mounted into
    /// a container is lost with the container.
    static func mount(at path: String) -> Self? {
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        var status = stat()
        var folder = stat()
        guard stat(file, &status) == 0, stat(parent(of: file), &folder) == 0 else { return nil }
        return status.st_dev != folder.st_dev || isMountPoint(file) ? .isMountedAlone : nil
    }

    private static func isMountPoint(_ path: String) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/self/mountinfo") else { return false }
        // The fifth field is the place, with octal numbers for white space and backslashes.
        let escaped = path.replacing("\\", with: "\\134").replacing(" ", with: "\\040").replacing("\t", with: "\\011")
            .replacing("\n", with: "\\012")
        return String(decoding: data, as: UTF8.self).split(separator: "\n").contains { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            return fields.count > 4 && fields[4] == escaped
        }
    }

    private static func parent(of path: String) -> String {
        URL(fileURLWithPath: path).deletingLastPathComponent().path
    }

    /// What is wrong with the folder or, where it is still to be made, with the one above.
    private static func folderFault(of path: String) -> Self? {
        let folder = parent(of: path)
        var status = stat()
        guard stat(folder, &status) == 0 else {
            switch errno {
            case EACCES: return .folderMayNotBeWritten(folder)
            case ENOENT, ENOTDIR: return (folder == "/" ? nil : folderFault(of: folder)) ?? .noFolder(folder)
            default: return nil
            }
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return .folderIsFile(folder) }
        switch refusal(of: folder, W_OK | X_OK) {
        case EROFS: return .readOnlyFileSystem
        case EACCES, EPERM: return .folderMayNotBeWritten(folder)
        default: return nil
        }
    }

    private static func roomFault(of files: [String], in folder: String) -> Self? {
        var disk = statvfs()
        if statvfs(folder, &disk) == 0 {
            let hasNoRoom = UInt64(disk.f_bavail) * UInt64(disk.f_frsize) < leastRoom
            // Some file systems do not count how many files they can have.
            let hasNoFiles = disk.f_files > 0 && disk.f_favail == 0
            if hasNoRoom || hasNoFiles { return .diskFull }
        }
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
            return nil
        }
        var largest: UInt64 = 0
        for file in files {
            var status = stat()
            if stat(file, &status) == 0 { largest = max(largest, UInt64(status.st_size)) }
        }
        return largest + leastRoom >= UInt64(limit.rlim_cur) ? .fileSizeLimit(UInt64(limit.rlim_cur)) : nil
    }

    /// Why this process may not use a file so, by its effective user; 0 if it may.
    private static func refusal(of path: String, _ mode: Int32) -> Int32 {
        faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 ? 0 : errno
    }

    /// The fault that a call to make a file or a folder has met.
    init?(errno code: Int32) {
        switch code {
        case ENOSPC, EDQUOT: self = .diskFull
        case EROFS: self = .readOnlyFileSystem
        default: return nil
        }
    }
}

extension StateStoreError {
    /// What a fault of the file means for the person in front of it.
    init(_ fault: StoreFileFault, at path: String) {
        let elsewhere = "or name another place with `state` or --state."
        switch fault {
        case .isDirectory:
            self.init(
                .cannotOpen,
                "The state store cannot be opened: \(path) is a directory. Name a file in it, such as "
                    + "sqlite:\(path)/state.db, \(elsewhere)")
        case .isNoFile:
            self.init(
                .cannotOpen,
                "The state store cannot be opened: \(path) is no regular file. Name one with `state` or --state.")
        case .folderIsFile(let folder):
            self.init(
                .cannotOpen,
                "The state store \(path) cannot be made: \(folder) is a file, and must be a folder. Move it away, "
                    + elsewhere)
        case .noFolder(let folder):
            self.init(
                .cannotOpen,
                "The state store \(path) cannot be opened: there is no folder \(folder). Make it, \(elsewhere)")
        case .fileMayNotBeUsed(let file):
            self.init(
                .readOnly,
                "The state store \(path) cannot be used: this user may not read and write \(file). Check its owner and "
                    + "mode (a run as another user may have made it), \(elsewhere)")
        case .folderMayNotBeWritten(let folder):
            self.init(
                .readOnly,
                "The state store \(path) cannot be used: this user may not write to the folder \(folder), where its log "
                    + "is kept beside it. Check the folder's owner and mode, \(elsewhere)")
        case .readOnlyFileSystem:
            self.init(
                .readOnly,
                "The state store \(path) cannot be written: its file system is read-only. Mount it for writing, "
                    + elsewhere)
        case .diskFull:
            self.init(
                .full,
                "The disk that holds the state store \(path) is full, so that nothing more can be written down. Make "
                    + "room, and run the same command again; `serve` goes on by itself.")
        case .fileSizeLimit(let limit):
            self.init(
                .full,
                "The state store \(path) may not grow any more: a file of this process is \(limit) bytes long at most "
                    + "(`ulimit -f`). Raise the limit, and run the same command again: it goes on from what is kept.")
        case .isMountedAlone:
            self.init(
                .cannotOpen,
                "The state store \(path) cannot be used: this one file is mounted, or on another file system than its "
                    + "folder. Its log is kept beside it, and would be lost with the container, and callbacks with it. "
                    + "Mount the folder that holds the store, \(elsewhere)")
        case .logAlone:
            self.init(
                .cannotOpen,
                "The state store \(path) was deleted or moved away without its log \(path)-wal, in which a part of it is. "
                    + "Stop all runs on it, and put the right file back. If it is lost, nobody knows what was asked of the "
                    + "carrier last: then wait until its callbacks are over, move \(path)-wal away, and begin with "
                    + "`profilectl refresh`.")
        }
    }
}
