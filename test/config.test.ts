import { expect } from 'chai';
import { readConfig } from '../src/config.ts';
import { AppError } from '../src/errors.ts';

function refused(environment: Record<string, string>): AppError {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('the configuration was accepted');
}

describe('configuration', () => {
  it('works with nothing set: embedded database, demonstration on', () => {
    const config = readConfig({});
    expect(config).to.include({ port: 3_000, mongodbUri: null, demo: true, environment: 'development' });
    expect(config.dataDir).to.match(/data$/);
    expect(config.harvest).to.include({ graceDays: 7, massLoss: 0.2, massGain: 2, batch: 500 });
  });

  it('an empty setting counts as absent', () => {
    expect(readConfig({ MONGODB_URI: '', CONTACT_EMAIL: '' })).to.include({ mongodbUri: null });
  });

  it('the demonstration is off in production unless asked for', () => {
    expect(readConfig({ NODE_ENV: 'production' }).demo).to.equal(false);
    expect(readConfig({ NODE_ENV: 'production', DEMO: 'true' }).demo).to.equal(true);
    expect(readConfig({ DEMO: 'false' }).demo).to.equal(false);
  });

  it('https without a declared proxy is refused: its cookies could not be set', () => {
    expect(refused({ PUBLIC_URL: 'https://ecole.example' }).publicMessage).to.contain('TRUST_PROXY');
    expect(readConfig({ PUBLIC_URL: 'https://ecole.example', TRUST_PROXY: '1' }).trustProxy).to.equal(1);
  });

  it('a mail server without a sender is refused: mails would wait in silence', () => {
    expect(refused({ SMTP_URL: 'smtp://localhost:25' }).publicMessage).to.contain('MAIL_FROM_ADDRESS');
  });

  it('a misspelt setting of an identity provider is named', () => {
    expect(refused({ OIDC_PROCONNECT_TITEL: 'ProConnect' }).publicMessage).to.contain('OIDC_PROCONNECT_TITEL');
  });

  it('every wrong setting is named at once, and no value is repeated', () => {
    const error = refused({ PORT: 'trois mille', MONGODB_URI: 'postgres://user:secret@db', LOG_LEVEL: 'loud' });
    expect(error.kind).to.equal('invalid');
    expect(error.publicMessage).to.contain('PORT').and.contain('MONGODB_URI').and.contain('LOG_LEVEL');
    expect(error.publicMessage).to.not.contain('secret');
  });
});
