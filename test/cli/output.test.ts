/** What a command says when the database ends under it: with the errors of the driver. */
import { expect } from 'chai';
import { MongoClient, MongoNetworkError, MongoServerError } from 'mongodb';
import mongoose from 'mongoose';
import { failureOf } from '../../src/cli/output.ts';
import { exitCodeOf } from '../../src/errors.ts';
import { errorOf } from '../support/error-of.ts';

const nobody = 'mongodb://127.0.0.1:1/rien?serverSelectionTimeoutMS=50';

describe('what a command says when the database ends under it', () => {
  it('refused by a database that ends: the last demand was not done, and the command may be run again', () => {
    for (const code of [91, 11600]) {
      const failure = failureOf(new MongoServerError({ message: 'shutting down', code }));
      expect(failure).to.include({ code: 'BASE_EN_FERMETURE', exit: exitCodeOf.unavailable });
      expect(failure.message).to.contain("n'a pas été faite").and.contain('Relancez la commande');
    }
  });

  it('cut under a command, also behind another error: nobody knows whether the last write is done', () => {
    const cut = new MongoNetworkError('connection 3 closed');
    for (const error of [cut, new Error('the run could not be written', { cause: cut })]) {
      const failure = failureOf(error);
      expect(failure).to.include({ code: 'BASE_COUPEE', exit: exitCodeOf.unavailable });
      expect(failure.message).to.contain('peut-être faite, peut-être pas');
    }
  });

  it('whose disk is full: what to do, and what is kept', () => {
    const failure = failureOf(new MongoServerError({ message: 'The disk is full', code: 14031 }));
    expect(failure).to.include({ code: 'DISQUE_PLEIN', exit: exitCodeOf.unavailable });
    expect(failure.message).to.contain('Libérez de la place').and.contain('confirmé est gardé');
  });

  it('where nobody answers, the demand did not arrive', async () => {
    const connection = mongoose.createConnection(nobody);
    for (const error of [await errorOf(connection.asPromise()), await errorOf(MongoClient.connect(nobody))]) {
      expect(failureOf(error)).to.include({ code: 'BASE_INJOIGNABLE', exit: exitCodeOf.unavailable });
    }
    await connection.destroy();
  });

  it('any other error keeps its stack: only a developer can act on it', () => {
    expect(failureOf(new MongoServerError({ message: 'bad value', code: 2 })).code).to.equal('UNEXPECTED');
    expect(failureOf(new TypeError('of ours')).message).to.contain('output.test');
  });
});
